import type { Happening } from './trouble.ts';
import { poison } from './poison.ts';
import type { Post } from './world.ts';

/** A tap whose command throws inside wherever it is run again. */
export function poisonEntry({ world, random, houses }: Happening): void {
  const post = random.pick(world.posts);
  const { host } = post;
  const shift = host.watched(() => host.terminal?.list('shift').find((each) => each.status === 'open'));
  const isPhysical = shift !== undefined && random.chance(0.5);
  const call = isPhysical
    ? { name: 'shift.noSale', input: { shiftId: shift.id, reason: 'poison' } }
    : { name: 'menu.saveCategory', input: { categoryId: 'poison', name: 'Poison', rank: random.int(2, 9), colour: 2 } };
  execute({ world, random, houses }, post, 'L4', call, (commandId) => {
    poison(commandId);
    houses.find(({ posts }) => posts.includes(post))?.checks.poisoned(commandId);
    world.count('poison');
    world.trace(`${post.host.name} ${call.name} ${commandId} is poison`);
  });
}

/** Somebody loses a level or the job while a terminal cannot hear of it, and gets it back later. */
export function takeRight({ world, random, houses, cut }: Happening): void {
  const from = random.pick(world.posts);
  const others = world.posts.filter((post) => post !== from && post.host.branchId === from.host.branchId);
  if (others.length === 0) return;
  const away = random.pick(others);
  const person = random.pick(
    from.branch.staff.filter(({ id, level }) => id.endsWith('-2') && level >= 'L2' && level <= 'L4'),
  );
  const row = from.host.watched(() => from.host.terminal?.find('staff', person.id));
  if (row === undefined) return;
  const { name, branchIds } = row;
  const isFired = random.chance(0.4);
  const less = { staffId: person.id, name, branchIds, level: isFired ? person.level : 'L1', isActive: !isFired };
  cut(away, random.int(10_000, 60_000));
  execute({ world, random, houses }, from, 'L5', { name: 'staff.save', input: less }, () => {
    world.count('rightTakenOffline');
    world.trace(`${person.id} loses rights while ${away.host.name} is offline`);
  });
  const full = { staffId: person.id, name, branchIds, level: person.level, isActive: true };
  world.later(random.int(70_000, 150_000), () => {
    if (from.host.terminal !== undefined)
      execute({ world, random, houses }, from, 'L5', { name: 'staff.save', input: full }, () => undefined);
  });
}

/** One command of the world's own, told to the ledger like any other. `onDone` hears its id first. */
function execute(
  { world, houses }: Pick<Happening, 'world' | 'random' | 'houses'>,
  post: Post,
  level: string,
  call: { name: string; input: Record<string, unknown> },
  onDone: (commandId: string) => void,
): void {
  const { host, branch } = post;
  const actorId = branch.staff.find((person) => person.level === level)?.id ?? '';
  world.at(post, () => {
    const { terminal } = host;
    if (terminal === undefined) return;
    try {
      terminal.execute({ actorId, calls: [call] });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.name === 'AppError') return;
      throw error;
    }
    const [last] = host.recorded(host.lastPos() - 1);
    if (last === undefined) return;
    const { pos: _pos, ...command } = last;
    onDone(command.commandId);
    houses.find(({ posts }) => posts.includes(post))?.ledger.confirmed(command);
  });
}
