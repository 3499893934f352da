// What each key of the demo does.

import type { Session } from "./session.ts";
import type { Story } from "./story.ts";

/** The keys, as the picture names them. */
export const keysHelp =
  "k kill leader   p partition (cut the leader off)   h heal   s sleep/wake   r restart   q quit and prove";

/** What keys do, one thing after the other. */
export class Controls {
  readonly #session: Session;
  readonly #story: Story;
  #work: Promise<void> = Promise.resolve();

  constructor(session: Session, story: Story) {
    this.#session = session;
    this.#story = story;
  }

  press(key: string): void {
    const action = this.#actionOf(key);
    if (action === undefined) return;
    this.#work = this.#work.then(action).catch((error: unknown) => {
      this.#story.tell(error instanceof Error ? error.message : String(error));
    });
  }

  /** Resolves when everything that was pressed is done. */
  idle(): Promise<void> {
    return this.#work;
  }

  #actionOf(key: string): (() => Promise<void>) | undefined {
    switch (key) {
      case "k":
        return async () => {
          await this.#session.killLeader();
        };
      case "p":
        return async () => {
          await this.#session.cutOffLeader();
        };
      case "h":
        return () => this.#session.heal();
      case "s":
        return () => this.#pauseOrResume();
      case "r":
        return () => this.#restartDead();
      default:
        return undefined;
    }
  }

  async #pauseOrResume(): Promise<void> {
    const { cluster } = this.#session;
    const paused = cluster.members.find(({ id }) => cluster.isPaused(id));
    if (paused !== undefined) {
      this.#session.resume(paused.id);
      return;
    }
    await this.#session.pauseLeader();
  }

  async #restartDead(): Promise<void> {
    const { cluster } = this.#session;
    const dead = cluster.members.filter(({ id }) => !cluster.isRunning(id));
    if (dead.length === 0) this.#story.tell("all nodes are running");
    for (const { id } of dead) await this.#session.restart(id);
  }
}
