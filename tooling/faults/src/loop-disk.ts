// A file system of its own in a file, mounted where it is wanted, whose power can be cut: from then on the kernel writes
// nothing of it any more, and what was not synced is gone when it is mounted again.

import { execFileSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getProgram, run } from "./programs.ts";

/** FS_IOC_SHUTDOWN with the flag not to flush the journal, out of a language that every Debian has. */
const cutScript =
  'open(my $f, "<", $ARGV[0]) or die $!; my $flag = pack("L", 2); ioctl($f, 0x8004587d, $flag) or die "ioctl: $!"';

const mounted = new Set<string>();
// Whatever ends this process, nothing stays mounted.
process.on("exit", () => {
  for (const point of mounted) execFileSync("umount", ["--lazy", point], { stdio: "ignore" });
});

/** Why this machine cannot mount file systems; undefined if it can. */
export async function whyNoLoopDisks(): Promise<string | undefined> {
  if (process.platform !== "linux") return `loop devices need Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "mounting needs root";
  const point = await mkdtemp(join(tmpdir(), "quorate-probe-"));
  let disk: LoopDisk | undefined;
  try {
    disk = await LoopDisk.mount({ point, mebibytes: 16 });
    await disk.cutPower();
    return undefined;
  } catch (error) {
    return `no ext4 on a loop device: ${describe(error)}`;
  } finally {
    await disk?.close();
    await rm(point, { recursive: true, force: true });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message.replaceAll(/\s+/g, " ").slice(0, 200) : String(error);
}

export class LoopDisk {
  readonly point: string;
  readonly #folder: string;
  #isMounted = false;

  private constructor(point: string, folder: string) {
    this.point = point;
    this.#folder = folder;
  }

  /** Makes an ext4 file system of this size and mounts it at `point`. */
  static async mount({ point, mebibytes }: { readonly point: string; readonly mebibytes: number }): Promise<LoopDisk> {
    const disk = new LoopDisk(point, await mkdtemp(join(tmpdir(), "quorate-disk-")));
    try {
      writeFileSync(disk.#image, "");
      truncateSync(disk.#image, mebibytes * 1024 * 1024);
      const mkfs = await getProgram("mkfs.ext4");
      await run(mkfs.path, ["-q", "-F", disk.#image], mkfs.env);
      await mkdir(point, { recursive: true });
      await disk.#attach();
      return disk;
    } catch (error) {
      await disk.close();
      throw error;
    }
  }

  /** From now on every operation on the file system fails, and nothing more of it reaches the disk. */
  async cutPower(): Promise<void> {
    await run("perl", ["-e", cutScript, this.point]);
  }

  /** Back on after `cutPower`. Nobody may have a file of it open. */
  async powerUp(): Promise<void> {
    await this.#detach();
    await this.#attach();
  }

  /** Unmounts it and deletes the image. Idempotent. */
  async close(): Promise<void> {
    await this.#detach();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #image(): string {
    return join(this.#folder, "disk.img");
  }

  async #attach(): Promise<void> {
    await run("mount", ["-o", "loop", this.#image, this.point]);
    mounted.add(this.point);
    this.#isMounted = true;
  }

  async #detach(): Promise<void> {
    if (!this.#isMounted) return;
    await run("umount", [this.point]);
    mounted.delete(this.point);
    this.#isMounted = false;
  }
}
