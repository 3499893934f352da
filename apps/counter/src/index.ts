// The public face of @quorate/counter: what is exported here is the package's interface.
export type Nothing = never;
