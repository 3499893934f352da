// The client's half: which numbers it gives, and what it acknowledges.
import { expect, test } from "vitest";
import { Sequencer } from "../../src/sessions/index.ts";

test("numbers go up from 1, and nothing is acknowledged before it is settled", () => {
  const sequencer = new Sequencer(8);
  expect(sequencer.begin()).toEqual({ sequence: 1, acknowledgedBelow: 1 });
  expect(sequencer.begin()).toEqual({ sequence: 2, acknowledgedBelow: 1 });
  expect(sequencer.acknowledgedBelow).toBe(1);
});

test("the oldest command under way holds the mark; when it is settled, the mark moves behind all settled ones", () => {
  const sequencer = new Sequencer(8);
  for (let command = 1; command <= 4; command += 1) sequencer.begin();
  sequencer.settle(2);
  sequencer.settle(3);
  expect(sequencer.acknowledgedBelow).toBe(1);
  sequencer.settle(1);
  expect(sequencer.acknowledgedBelow).toBe(4);
  sequencer.settle(4);
  expect(sequencer.acknowledgedBelow).toBe(5);
});

test("no number is given that the servers would refuse as too far ahead", () => {
  const sequencer = new Sequencer(2);
  sequencer.begin();
  sequencer.begin();
  expect(sequencer.begin()).toBeUndefined();
  sequencer.settle(2);
  expect(sequencer.begin(), "1 is still under way").toBeUndefined();
  sequencer.settle(1);
  expect(sequencer.begin()).toEqual({ sequence: 3, acknowledgedBelow: 3 });
});

test("what is settled again, even when its place in the window belongs to a later number, changes nothing", () => {
  const sequencer = new Sequencer(2);
  sequencer.begin();
  sequencer.begin();
  sequencer.settle(1);
  sequencer.begin();
  sequencer.settle(1);
  expect(sequencer.acknowledgedBelow).toBe(2);
  sequencer.settle(2);
  expect(sequencer.acknowledgedBelow, "3 is still under way").toBe(3);
});
