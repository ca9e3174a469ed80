import { type DestinationStream, type Logger, pino } from 'pino';

/** Fields that are never written, wherever somebody puts them by mistake. The rule is: they are not logged at all. */
const SECRET_FIELDS = [
  'password',
  'pin',
  'pinHash',
  'pinPepper',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'secret',
  'certificate',
  'signature',
  'code_hash',
  'body',
];

/** What is said of an error: not the values that a database puts beside its message. */
function errorFacts(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { type: error.name, message: error.message, ...code, stack: error.stack };
}

/** The cloud's structured log: one JSON object a line. `level`: a pino level, or `silent`. */
export function createLogger(level: string, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { service: 'cloud' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFacts },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[left out]' },
    },
    destination,
  );
}
