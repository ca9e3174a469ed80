/** The text that the cloud signs for the head of an audit chain; `at` is the moment of the signature. */
export function signedHeadText(orgId: string, head: { scope: string; n: number; hash: string; at: string }): string {
  return ['chefcloud-audit-head', orgId, head.scope, String(head.n), head.hash, head.at].join('\n');
}
