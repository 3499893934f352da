// The public face of @quorate/memory: what is exported here is the package's interface.
export type Nothing = never;
