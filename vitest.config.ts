import { defineConfig } from 'vitest/config';

const seconds = (n: number): number => n * 1_000;

export default defineConfig({
  test: {
    // Two cores are the machine this is planned for; PGlite and PostgreSQL want one of them.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/arch/**/*.test.ts'], testTimeout: seconds(20) },
      },
      {
        extends: true,
        test: { name: 'store', include: ['test/store/**/*.test.ts'], pool: 'forks', testTimeout: seconds(30) },
      },
      {
        extends: true,
        test: {
          name: 'cloud',
          include: ['cloud', 'contract', 'replay', 'crash', 'field-failures', 'simulation'].map(
            (name) => `test/${name}/**/*.test.ts`,
          ),
          pool: 'forks',
          globalSetup: ['test/global-setup.ts'],
          testTimeout: seconds(60),
          hookTimeout: seconds(60),
          // What other processes do takes as long as it takes on a machine with other work.
          expect: { poll: { timeout: seconds(15) } },
        },
      },
    ],
    coverage: {
      provider: 'v8',
      // Everything but the screens, and nothing left out: the entries and src-main/electron count too, though they run
      // only in the specs, in processes that are not measured here. So the figure is the least that is true.
      include: ['src-shared/**/*.ts', 'src-main/**/*.ts', 'src-cloud/**/*.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
      reportsDirectory: '.cache/coverage',
      thresholds: { statements: 85 },
    },
  },
});
