// The public face of @quorate/contracts: what is exported here is the package's interface.
export type Nothing = never;
