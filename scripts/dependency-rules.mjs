// What every package in the lock file must be; scripts/check-dependencies.mjs asks, a test tries each rule.

/** Licences that let us be distributed under Apache-2.0, by what the lock file says of each package. */
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
]);
/** What is only used while developing, and never distributed with the product, may also be one of these. */
const DEVELOPMENT_LICENCES = new Set(['MPL-2.0']);

/** Packages with a script that npm would run at their installation, and why that is known and left out (`.npmrc`). */
export const INSTALL_SCRIPTS = {
  koffi: 'chooses or builds its binary; the one in the package is used without it',
};

/** Each breach in one sentence; none where all is well. `lock` is of version 3, `reasons` is docs/dependencies.md. */
export function findBreaches({ manifest, lock, npmrc, reasons }) {
  return [
    ...pins(manifest, lock),
    ...(/^ignore-scripts=true$/m.test(npmrc) ? [] : ['.npmrc does not say ignore-scripts=true']),
    ...Object.entries(lock.packages).flatMap(([path, entry]) => (path === '' ? [] : packageBreaches(path, entry))),
    ...directNames(manifest)
      .filter((name) => !isNamed(reasons, name))
      .map((name) => `${name}: docs/dependencies.md gives no reason for it`),
  ];
}

function pins(manifest, lock) {
  const root = lock.packages[''] ?? {};
  return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.entries(manifest[kind] ?? {}).flatMap(([name, version]) => {
      if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
        return [`${name}: ${version} in package.json is no exact version`];
      const locked = lock.packages[`node_modules/${name}`]?.version;
      if (root[kind]?.[name] !== version || locked !== version)
        return [`${name}: package.json says ${version}, the lock file ${locked ?? 'nothing'}`];
      return [];
    }),
  );
}

function packageBreaches(path, { link, version, integrity, license, hasInstallScript, dev, resolved }) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const say = (what) => `${name} ${version ?? ''}: ${what}`;
  if (link) return [say('is a link')];
  return [
    ...(hasInstallScript && !Object.hasOwn(INSTALL_SCRIPTS, name) ? [say('has an install script')] : []),
    ...(/^sha512-/.test(integrity ?? '') ? [] : [say('has no sha512 in the lock file')]),
    ...(resolved === undefined ? [] : [say('names a place of its own to be fetched from')]),
    ...(isAllowed(license, dev === true) ? [] : [say(`has the licence ${license ?? '(none)'}`)]),
  ];
}

/** Of a choice (SPDX `A OR B`) one must be allowed. */
function isAllowed(license, isDevelopment) {
  const choices = (license ?? '').replaceAll(/[()]/g, '').split(' OR ');
  return choices.some((one) => LICENCES.has(one) || (isDevelopment && DEVELOPMENT_LICENCES.has(one)));
}

function directNames(manifest) {
  return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.keys(manifest[kind] ?? {}),
  );
}

function isNamed(reasons, name) {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^\\|[^|]*(?<![\\w/@-])${escaped}(?![\\w/-])`, 'm').test(reasons);
}
