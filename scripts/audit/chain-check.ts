import { createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { PUT_BACK, putBackText } from '../../src-cloud/services/audit-heads.ts';
import { chainStart, linkHash, listAuditLines } from '../../src-cloud/store/audit-log.ts';
import type { Tx } from '../../src-cloud/store/with-org.ts';
import type { Findings } from './findings.ts';

const Figures = z.record(z.string(), z.unknown()).nullable();
const Content = z.object({
  actor: z.string(),
  body: z.string().optional(),
  changes: z.array(z.object({ kind: z.string(), id: z.string(), before: Figures, after: Figures })),
  command: z.string().optional(),
  error: z.string().optional(),
  flags: z.array(z.string()).optional(),
  name: z.string(),
  received: z.string(),
  status: z.enum(['applied', 'rejected']).optional(),
});
type Content = z.infer<typeof Content>;

/** A line that speaks of a command. */
export interface CommandLine extends Content {
  scope: string;
  n: number;
}

/** A line in which the cloud says, signed, that it was put back to a backup. */
export interface PutBack {
  n: number;
  received: string;
  goodN: number;
  lostN: number;
  lostAt: string;
}

/** A chain as it was read. */
export interface Chain {
  scope: string;
  /** The hash of each line by its number. */
  hashes: Map<number, string>;
  lastN: number;
  lastAt: string | undefined;
  putBacks: PutBack[];
}

export interface ChainFacts {
  commands: Map<string, CommandLine>;
  /** What the last line of each thing says of it: `kind/id`. */
  figures: Map<string, { kind: string; id: string; after: Record<string, unknown> | null; scope: string; n: number }>;
}

const PAGE = 2_000;
// A changed line breaks its own hash; more of the same would only hide it.
const MOST_OF_A_CHAIN = 20;

/** Walks one chain from its first line: numbers without a gap, each hash from the line's text and the hash before. */
export async function checkChain(
  tx: Tx,
  orgId: string,
  scope: string,
  facts: ChainFacts,
  publicKey: string | undefined,
  findings: Findings,
): Promise<Chain> {
  const chain: Chain = { scope, hashes: new Map(), lastN: 0, lastAt: undefined, putBacks: [] };
  let before = chainStart(orgId, scope);
  let said = 0;
  const say = (text: string): void => {
    said += 1;
    if (said <= MOST_OF_A_CHAIN) findings.problem(`Chain ${scope}: ${text}`);
  };
  for (;;) {
    const lines = await listAuditLines(tx, orgId, scope, chain.lastN, PAGE);
    for (const line of lines) {
      findings.lines += 1;
      if (line.n !== chain.lastN + 1)
        say(
          line.n === chain.lastN + 2
            ? `line ${chain.lastN + 1} is missing.`
            : `lines ${chain.lastN + 1} to ${line.n - 1} are missing.`,
        );
      if (linkHash(line.prev, line.content) !== line.hash)
        say(`line ${line.n} was changed: its text does not give its hash.`);
      if (line.prev !== before && line.n === chain.lastN + 1)
        say(`line ${line.n} does not go on from line ${line.n - 1}: one of the two was changed.`);
      const content = readContent(line.content);
      if (content === undefined) say(`line ${line.n} cannot be read.`);
      else noteContent(orgId, chain, content, line.n, facts, publicKey, findings);
      chain.hashes.set(line.n, line.hash);
      chain.lastN = line.n;
      chain.lastAt = content?.received ?? chain.lastAt;
      before = line.hash;
    }
    if (lines.length < PAGE) break;
  }
  if (said > MOST_OF_A_CHAIN) findings.problem(`Chain ${scope}: ${said - MOST_OF_A_CHAIN} more lines like these.`);
  return chain;
}

function readContent(text: string): Content | undefined {
  try {
    return Content.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function noteContent(
  orgId: string,
  chain: Chain,
  content: Content,
  n: number,
  facts: ChainFacts,
  publicKey: string | undefined,
  findings: Findings,
): void {
  const { scope } = chain;
  if (content.command !== undefined) facts.commands.set(content.command, { ...content, scope, n });
  for (const { kind, id, after } of content.changes) facts.figures.set(`${kind}/${id}`, { kind, id, after, scope, n });
  if (content.name !== PUT_BACK) return;
  const claim = PutBackFigures.safeParse(content.changes[0]?.after);
  if (!claim.success || !isSigned(orgId, scope, claim.data, publicKey)) {
    findings.problem(
      `Chain ${scope}: line ${n} says that the cloud was put back, but the cloud's key has not signed it.`,
    );
    return;
  }
  const { good, lostN, lostAt } = claim.data;
  chain.putBacks.push({ n, received: content.received, goodN: good, lostN, lostAt });
}

const PutBackFigures = z.object({
  good: z.int(),
  lostAt: z.string(),
  lostHash: z.string(),
  lostN: z.int(),
  signature: z.string(),
});

/** Without any key there is nothing to hold it against: whoever has the master secret or a terminal gets to know more. */
function isSigned(orgId: string, scope: string, claim: z.infer<typeof PutBackFigures>, x: string | undefined): boolean {
  if (x === undefined) return true;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const text = putBackText(orgId, scope, claim.good, { n: claim.lostN, hash: claim.lostHash });
  return verify(null, Buffer.from(text), key, Buffer.from(claim.signature, 'base64url'));
}
