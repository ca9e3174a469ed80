/** What a verification found, in words for people. */
export class Findings {
  readonly problems: string[] = [];
  /** What is worth knowing and no sign of a change. */
  readonly notes: string[] = [];
  lines = 0;
  commands = 0;
  heads = 0;
  entries = 0;

  problem(text: string): void {
    this.problems.push(text);
  }

  note(text: string): void {
    this.notes.push(text);
  }
}
