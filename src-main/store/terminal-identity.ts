import { z } from 'zod';
import { OrgId } from '#shared/kernel/ids.ts';
import { AppError } from '#shared/kernel/errors.ts';

const Enrolled = z.object({ organisation: z.object({ id: OrgId }) });

/** The organisation of an enrolment as it is stored. Throws `store/damaged`. */
export function readOrgId(enrolment: string): OrgId {
  try {
    return Enrolled.parse(JSON.parse(enrolment)).organisation.id;
  } catch {
    throw new AppError('store/damaged', 'The enrolment of this terminal cannot be read.');
  }
}
