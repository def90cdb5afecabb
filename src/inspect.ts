/**
 * How runtimes show objects whose state is private: as what they are, instead of
 * as nothing or as a page of methods.
 *
 * @module
 */

type Inspect = (value: unknown, options: object) => string;

/** How much of a text is shown. */
const longestText = 1_000;

/**
 * Makes `console.log` and failed assertions show the objects of a class as the
 * properties that `view` picks. The name is given because minifiers change it.
 */
export function showAs<Noun extends object>(
  noun: { prototype: Noun },
  name: string,
  view: (it: Noun) => object,
): void {
  const show = (it: Noun, inspect: Inspect, options: object) =>
    `${name} ${inspect(view(it), options)}`;
  define(noun, "Deno.customInspect", function (inspect: Inspect, options: object) {
    return show(this, inspect, options);
  });
  define(noun, "nodejs.util.inspect.custom", function (
    _depth: number,
    options: object,
    inspect: Inspect,
  ) {
    return show(this, inspect, options);
  });
}

/** The beginning of a text, and how much more there is. */
export function beginning(text: string): string {
  if (text.length <= longestText) return text;
  return `${text.slice(0, longestText)}… (${text.length - longestText} more)`;
}

function define<Noun extends object, Arguments extends unknown[]>(
  { prototype }: { prototype: Noun },
  key: string,
  value: (this: Noun, ...args: Arguments) => string,
): void {
  Object.defineProperty(prototype, Symbol.for(key), { value, configurable: true, writable: true });
}
