#!/usr/bin/env node
// The entry point of the command `quorate`.
export type Nothing = never;
