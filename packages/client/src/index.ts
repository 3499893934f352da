// The public face of @quorate/client: what is exported here is the package's interface.
export type Nothing = never;
