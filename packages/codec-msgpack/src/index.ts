// The public face of @quorate/codec-msgpack: what is exported here is the package's interface.
export type Nothing = never;
