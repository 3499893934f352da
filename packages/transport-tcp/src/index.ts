// The public face of @quorate/transport-tcp: what is exported here is the package's interface.
export type Nothing = never;
