// The checksum that snapshots are named by: CRC-32 as in zlib, PNG and Ethernet. Written out because the ports know no platform;
// an adapter may use its platform's own, which gives the same numbers.

const polynomial = 0xedb88320;
const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});

/**
 * CRC-32 of bytes, as an unsigned number.
 *
 * @param previous The checksum of what came before, to go on with it: `crc32(b, crc32(a))` is that of `a` and `b` together.
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let value = ~previous;
  for (const byte of bytes) value = (value >>> 8) ^ (table[(value ^ byte) & 0xff] ?? 0);
  return ~value >>> 0;
}
