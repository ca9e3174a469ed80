import { hash, verify } from '@node-rs/argon2';

/** The argon2id PHC text of a password. */
export function hashPassword(password: string): Promise<string> {
  return hash(password);
}

/** The verifier of a PIN, keyed with the pepper of the organisation: useless to whoever has only the database. */
export function hashPin(pin: string, pepper: Uint8Array): Promise<string> {
  return hash(pin, { secret: pepper });
}

let decoy: Promise<string> | undefined;

/** Whether the password fits. Takes as long when there is no hash, so that nobody learns which e-mails are known. */
export async function isPasswordRight(stored: string | undefined, password: string): Promise<boolean> {
  decoy ??= hash('nobody has this password');
  const isRight = await verify(stored ?? (await decoy), password);
  return isRight && stored !== undefined;
}
