import type { DemoFile } from './demo-file.ts';
import type { Service } from './service.ts';
import type { StartOptions } from './start-options.ts';

/** The lines that a start prints once everything runs: where, who, and how to stop. */
export function describeStart(options: StartOptions, service: Service, demo: DemoFile): string[] {
  const width = Math.max(...demo.people.map((person) => person.name.length));
  const people = demo.people.map(({ level, name, pin, email, password }) => {
    const login = email === undefined ? '' : `  ${email} / ${password ?? ''}`;
    return `  ${level}  ${name.padEnd(width)}  PIN ${pin.padEnd(6)}${login}`;
  });
  return [
    '',
    `  App    ${service.appUrl}`,
    `  Cloud  ${service.cloudUrl}   (API: ${service.cloudUrl}/docs)`,
    `  Data   ${options.dataDir}`,
    '',
    '  Sign in as',
    ...people,
    '',
    '  Ctrl-C stops everything.',
    '',
  ];
}
