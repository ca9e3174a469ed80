import type { CreateWorkload } from '../sim-types.ts';
import { Counter, createMemory } from './counter.ts';
import { houseActs } from './house-acts.ts';
import { moneyActs } from './money-acts.ts';
import { type Act, orderActs } from './order-acts.ts';

const ACTS = [...orderActs, ...moneyActs, ...houseActs];
const TOTAL = ACTS.reduce((sum, [weight]) => sum + weight, 0);
// Without an occasion somebody does something else.
const TRIES = 5;

function pick(at: Counter): Act {
  let left = at.random.next() * TOTAL;
  for (const [weight, act] of ACTS) {
    left -= weight;
    if (left < 0) return act;
  }
  return orderActs[0]?.[1] ?? (() => false);
}

/** The people of a branch: what they do follows from the seed and from what their screens show. */
export const createWorkload: CreateWorkload = ({ branch }, random, ledger) => {
  const memory = createMemory();
  return {
    act: (sim) => {
      const { terminal } = sim;
      if (terminal === undefined) return false;
      const at = new Counter(sim, terminal, { branch, memory, random, ledger });
      for (let attempt = 0; attempt < TRIES; attempt += 1) if (pick(at)(at)) return true;
      return false;
    },
  };
};
