/**
 * Names of registries, sites and clusters: they appear in URLs, metrics labels and on command lines. One letter at
 * least, because JavaScript moves keys that are numbers before all others and the file's order would be lost.
 */
export const NAME_PATTERN = '^(?=.*[a-z])[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$';

/** `host` or `host:port` as it is written before the first slash of a push's source. */
export const HOST_KEY_PATTERN = '^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$';

/**
 * The same with one `*` that stands for any labels. What comes behind it is a domain, so that nobody but its owner can
 * make a host that fits.
 */
const HOST_PATTERN_PATTERN =
  '^([A-Za-z0-9][A-Za-z0-9.-]{0,100})?\\*[A-Za-z0-9-]{0,60}(\\.[A-Za-z0-9-]{1,63}){1,9}(:[0-9]{1,5})?$';

/** What `sources` may be named by: hosts, and patterns of them. */
export const SOURCE_KEY_PATTERN = `(${HOST_KEY_PATTERN})|(${HOST_PATTERN_PATTERN})`;

/** Image names and patterns: the characters of repository names, and `*`. */
export const IMAGE_PATTERN_PATTERN = '^[a-z0-9*][a-z0-9._/*-]{0,254}$';

const NAME = new RegExp(NAME_PATTERN);
const SOURCE_KEY = new RegExp(SOURCE_KEY_PATTERN);
const IMAGE_PATTERN = new RegExp(IMAGE_PATTERN_PATTERN);

export type NameForm = 'name' | 'host' | 'pattern';

/** What is wrong with a name, or undefined when it is of its form. */
export function findNameMistake(form: NameForm, text: string): string | undefined {
  if (form === 'name') {
    return NAME.test(text)
      ? undefined
      : 'must be a name of lower-case letters and digits, with . _ - inside, of at most 63 characters and not a number alone';
  }
  if (form === 'host') {
    const port = Number(/:(\d+)$/.exec(text)?.[1] ?? 1);
    if (SOURCE_KEY.test(text) && port >= 1 && port <= 65_535) return undefined;
    return text.includes('*')
      ? 'must have one * with a domain of your own behind it, such as *.bj.example'
      : 'must be a host or host:port such as harbor.bj or harbor.bj:8443, as it is written in KEY/name';
  }
  const fits = IMAGE_PATTERN.test(text) && !text.includes('//');
  return fits ? undefined : 'must be an image name or a pattern with *, such as team/app, team/* or *';
}
