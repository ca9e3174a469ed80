import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';
import { CONTENT_SECURITY_POLICY, APP_ORIGIN, isAtOrigin } from './app-origin.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
};

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Serves the built screens in `folder` to our own origin: files of a known type, nothing outside the folder. */
export function createScreenFiles(folder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET' || !isAtOrigin(request.url, APP_ORIGIN)) return refuse(403);
    const path = decodedPath(request.url);
    const type = path === undefined ? undefined : TYPES[extname(path)];
    if (path === undefined || type === undefined) return refuse(404);
    const file = normalize(join(folder, path));
    if (!file.startsWith(normalize(folder) + sep)) return refuse(404);
    try {
      return new Response(await readFile(file), { headers: { ...HEADERS, 'content-type': type } });
    } catch {
      return refuse(404);
    }
  };
}

function decodedPath(url: string): string | undefined {
  try {
    const { pathname } = new URL(url);
    return pathname === '/' ? 'index.html' : decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

function refuse(status: number): Response {
  return new Response(null, { status, headers: HEADERS });
}
