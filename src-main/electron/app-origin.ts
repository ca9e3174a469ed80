/** The scheme and host that the built screens are served from: an origin that no other page can have. */
export const APP_SCHEME = 'app';
export const APP_ORIGIN = 'app://chefcloud';
export const APP_URL = 'app://chefcloud/';

/**
 * What the built screens may do: use our own files, and nothing else. No inline script or style, no fetching from
 * anywhere: all data comes over the bridge.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "media-src 'self' data:",
  "manifest-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Where the screens come from in this run: our own files, or the development server (never in a packaged app). */
export interface ScreenSource {
  url: string;
  origin: string;
}

/** Own files, unless an unpackaged run names a development server. */
export function screenSource(isPackaged: boolean, developmentUrl: string | undefined): ScreenSource {
  if (isPackaged || developmentUrl === undefined || developmentUrl === '') return { url: APP_URL, origin: APP_ORIGIN };
  return { url: developmentUrl, origin: new URL(developmentUrl).origin };
}

/** Whether `url` lies at `origin`. `new URL().origin` is "null" for our own scheme, so scheme and host are compared. */
export function isAtOrigin(url: string, origin: string): boolean {
  try {
    const parsed = new URL(url);
    return `${parsed.protocol}//${parsed.host}` === origin;
  } catch {
    return false;
  }
}
