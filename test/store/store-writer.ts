// Writes without end to the store in the folder it is given, and says each thing on stdout once it was promised.
import { openStore } from '../../src/store/store.ts';
import { sampleDigest, samplePlacement, samplePush, sampleTransfer } from '../conformance/push-samples.ts';

const [folder = '', begin = '0'] = process.argv.slice(2);
const { pushes, journal } = await openStore({ folder });
for (let n = Number(begin); ; n += 1) {
  const id = `push_${n}`;
  const digest = sampleDigest(id);
  await pushes.createPush(samplePush({ id, createdAt: n }), [sampleTransfer(id)]);
  await say(`created ${n}`);
  await pushes.updatePush(id, { digest });
  await journal.save({ registry: 'r', repository: id, digest, location: 'l', offset: n, sentUpTo: n, updatedAt: n });
  await say(`saved ${n}`);
  await pushes.placeTransfer(id, 'singapore', {}, samplePlacement({ sourceDigest: digest, digest }));
  await say(`placed ${n}`);
}

function say(line: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()));
}
