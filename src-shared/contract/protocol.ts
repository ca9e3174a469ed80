/** Raised when the wire changes in a way that an older side cannot read. Sent by both sides on every connection. */
export const PROTOCOL_VERSION = 1;
export const PROTOCOL_HEADER = 'x-chefcloud-protocol';

/** A body over this is refused with 413. */
export const MAX_BODY_BYTES = 1_048_576;
/** Entries of one push; fewer when the bytes would pass MAX_BODY_BYTES. */
export const MAX_PUSH_ENTRIES = 1_000;
