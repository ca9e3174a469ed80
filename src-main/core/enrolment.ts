import { z } from 'zod';
import { EnrolAnswer, EnrolRequest } from '#shared/contract/cloud-wire.ts';
import { Branch, Organisation } from '#shared/domain/branch.ts';
import type { Clock } from '#shared/kernel/clock.ts';
import { isoAt } from '#shared/kernel/clock.ts';
import { AppError, invalidInput } from '#shared/kernel/errors.ts';
import { DeviceId } from '#shared/kernel/ids.ts';
import type { Store } from '../store/store.ts';
import { newIncarnationId } from '../store/put-back.ts';
import { CloudError, createCloudClient } from '../sync/cloud-client.ts';
import { createDeviceKey, findDeviceKey, saveDeviceKey } from './device-key.ts';
import type { Enrolled, EnrolOptions, KeySeal } from './terminal-types.ts';

/** What a terminal knows of itself. */
export const Enrolment = z.object({
  cloudUrl: z.url(),
  deviceId: DeviceId,
  deviceCode: z.string(),
  deviceName: z.string(),
  organisation: Organisation,
  branch: Branch,
  /** Receipt numbers of later series carry a part of their name, so that none is given twice. */
  firstIncarnation: z.string(),
});
export type Enrolment = z.infer<typeof Enrolment>;

export function findEnrolment(store: Store): Enrolment | undefined {
  const text = store.meta.find('enrolment');
  if (text === undefined) return undefined;
  const parsed = Enrolment.safeParse(JSON.parse(text));
  if (!parsed.success) throw new AppError('store/damaged');
  return parsed.data;
}

export interface EnrolContext {
  store: Store;
  dataDir: string;
  clock: Clock;
  fetch: typeof fetch;
  keySeal?: KeySeal | undefined;
}

/**
 * Enrols the folder with a code. The key is on disk before the cloud hears of it, so that a lost answer costs a new code
 * and nothing else; enrolling again keeps the device and its outbox. Throws AppError.
 */
export async function enrolTerminal(context: EnrolContext, options: EnrolOptions): Promise<Enrolled> {
  const { store, dataDir, clock, keySeal } = context;
  const cloudUrl = z.url({ protocol: /^https?$/ }).safeParse(options.cloudUrl);
  if (!cloudUrl.success)
    throw new AppError('input/invalid', 'cloudUrl: an address such as https://cloud.example', { path: 'cloudUrl' });
  const key = findDeviceKey(dataDir, keySeal) ?? createDeviceKey();
  saveDeviceKey(dataDir, key, keySeal);
  const { code, deviceName: name, newBranch } = options;
  const request = EnrolRequest.safeParse({
    code,
    name,
    publicKey: key.key.x,
    ...(newBranch === undefined ? {} : { newBranch }),
  });
  if (!request.success) throw invalidInput(request.error.issues);
  const client = createCloudClient({ cloudUrl: cloudUrl.data, clock, fetch: context.fetch });
  const answer = await client
    .send({ method: 'POST', path: '/devices/enrol', body: request.data, answer: EnrolAnswer })
    .catch((error: unknown) => {
      throw error instanceof CloudError ? new AppError(error.wire.code, error.wire.message, error.wire) : error;
    });
  const before = findEnrolment(store);
  if (
    before !== undefined &&
    (before.organisation.id !== answer.organisation.id || before.branch.id !== answer.branch.id)
  ) {
    throw new AppError(
      'device/bad-code',
      'This code belongs to another branch; this terminal has sales of its own. Use an empty data folder.',
    );
  }
  saveDeviceKey(dataDir, { ...key, certificate: answer.certificate, pinPepper: answer.pinPepper }, keySeal);
  saveEnrolment(store, clock, cloudUrl.data, answer, before);
  return {
    deviceId: answer.deviceId,
    deviceCode: answer.deviceCode,
    orgId: answer.organisation.id,
    branchId: answer.branch.id,
    managerId: answer.managerId,
  };
}

function saveEnrolment(
  store: Store,
  clock: Clock,
  cloudUrl: string,
  answer: EnrolAnswer,
  before: Enrolment | undefined,
): void {
  const { deviceId, deviceCode, deviceName, organisation, branch } = answer;
  // Another device id: what waits goes on under a series of the new one.
  const isSame = before !== undefined && before.deviceId === deviceId;
  const incarnation = isSame ? undefined : newIncarnationId();
  const firstIncarnation = before?.firstIncarnation ?? incarnation ?? newIncarnationId();
  const enrolment: Enrolment = { cloudUrl, deviceId, deviceCode, deviceName, organisation, branch, firstIncarnation };
  store.write(() => {
    store.meta.save('enrolment', JSON.stringify(enrolment));
    if (answer.auditKey !== undefined) store.meta.save('auditKey', answer.auditKey);
    if (incarnation !== undefined)
      store.outbox.startIncarnation(incarnation, store.outbox.ackedPos() + 1, isoAt(clock.now()));
  });
}
