import { Failure } from '../../kernel/failure.ts';

/** Robots answer 200 also when they refuse, and say so in a number that is not 0. */
export function requireTaken(answer: string, member: 'errcode' | 'code', message: 'errmsg' | 'msg'): void {
  let said: unknown;
  try {
    said = JSON.parse(answer);
  } catch {
    said = undefined;
  }
  const fields = new Map<string, unknown>(typeof said === 'object' && said !== null ? Object.entries(said) : []);
  if (fields.get(member) === 0) return;
  const told = `${String(fields.get(member) ?? 'nothing that was understood')} ${String(fields.get(message) ?? '')}`;
  throw new Failure('receiver_failed', `the robot refused it: ${told.trim().slice(0, 200)}`);
}
