// The public face of @quorate/storage-file: what is exported here is the package's interface.
export type Nothing = never;
