// A story is a text: a sentence that says what it shows, then commands, each after a ">", and under each command the trace of
// what happened. The trace is what the test compares.

import { open, perform } from "./story-commands.ts";
import type { StoryWorld } from "./story-world.ts";

/** The sentence that a story begins with. */
export function openingOf(story: string): string {
  const [sentence = ""] = story.split("\n\n");
  if (!/^[A-Z].*\.$/s.test(sentence)) throw new Error(`a story begins with a sentence, not with "${sentence}"`);
  return sentence.replaceAll("\n", " ");
}

/** The story with the traces that its commands have now. */
export function tellAgain(story: string): string {
  let world: StoryWorld | undefined;
  const told: string[] = [];
  for (const line of withoutTraces(story)) {
    told.push(line);
    if (!line.startsWith("> ")) continue;
    const command = line.slice(2);
    try {
      if (world === undefined) world = open(command);
      else perform(world, command);
    } catch (error) {
      throw new Error(`at "${line}"`, { cause: error });
    }
    told.push(...world.trace.splice(0));
  }
  return told.join("\n");
}

/** Sentences, empty lines and commands; under a command, a trace goes on until an empty line or the next command. */
function withoutTraces(story: string): readonly string[] {
  let isTrace = false;
  return story.split("\n").filter((line) => {
    if (line.startsWith("> ")) isTrace = true;
    else if (line === "") isTrace = false;
    return !isTrace || line.startsWith("> ");
  });
}
