/**
 * A name for a new experiment, such as `amber-heron`: two short words that are easy to say and to type, and valid as
 * the last part of a Git ref. `random` returns numbers from 0 up to 1; `isTaken` says which names are in use.
 */
export function newExperimentName(isTaken: (name: string) => boolean, random: () => number): string {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const name = `${pick(adjectives, random)}-${pick(animals, random)}`;
    if (!isTaken(name)) return name;
  }
  return numberedName(`${pick(adjectives, random)}-${pick(animals, random)}`, isTaken);
}

/** The wanted name if it is free, else the first free one of `name-2`, `name-3`, …. */
export function numberedName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let number = 2; ; number += 1) {
    if (!isTaken(`${name}-${number}`)) return `${name}-${number}`;
  }
}

/**
 * Why a name can't be an experiment's, for people; `null` when it can. Git's rules for one part of a ref, and no `@`
 * before a number or a word that references use (`name@12`, `name@best`).
 */
export function experimentNameProblem(name: string): string | null {
  if (name === "") return "A name must not be empty.";
  if (Buffer.byteLength(name) > 200) return "A name must not be longer than 200 bytes.";
  if (/[\s\p{C}]/u.test(name)) return "A name must not contain spaces or control characters.";
  const forbidden = /[~^:?*[\\/@]/.exec(name);
  if (forbidden) return `A name must not contain "${forbidden[0]}".`;
  if (name.startsWith("-")) return 'A name must not start with "-".';
  if (name.startsWith(".") || name.endsWith(".") || name.includes("..")) {
    return 'A name must not start or end with "." or contain "..".';
  }
  if (name.endsWith(".lock")) return 'A name must not end with ".lock".';
  return null;
}

function pick(words: readonly string[], random: () => number): string {
  const word = words[Math.min(Math.floor(random() * words.length), words.length - 1)];
  if (word === undefined) throw new Error("No words to choose a name from");
  return word;
}

/** Friendly words of at most eight letters. */
export const adjectives: readonly string[] = `
  able agile airy alert amber ample apt arctic autumn awake
  azure basic bold bonny brave breezy bright brisk bronze bubbly
  calm candid careful cheery chilly civil clean clear clever cloudy
  coastal cobalt cool copper coral cosmic cosy crimson crisp curious
  dapper daring dawn deep deft dewy direct distant dreamy dry
  eager early earnest easy ebony elegant elfin emerald equal even
  fair famous fancy fast fearless fern festive fine firm fleet
  fluffy fond forest frank free fresh frosty gentle gifted ginger
  glad gleaming glossy golden good graceful grand green handy happy
  hardy hazel hearty helpful honest humble icy indigo ivory jade
  jaunty jolly jovial joyful keen kind lavender leafy level light
  lilac lively lofty loyal lucid lucky lunar mellow merry mild
  mindful minty misty modest mossy neat nimble noble northern novel
  oaken olive open opal patient peaceful pearly placid plucky polar
  polite proud pure purple quick quiet rapid ready regal rosy
  royal ruby rustic sage sandy scarlet secret serene sharp shiny
  silent silken silver simple sincere smart smooth snowy solar solid
  southern spry stable starry steady stellar still sunny super sure
  swift tawny teal tender thrifty tidy topaz tranquil trim true
  trusty upbeat urban valiant velvet vernal violet vivid warm wise
  witty woodland young zesty`
  .trim()
  .split(/\s+/);

export const animals: readonly string[] = `
  adder albatross alpaca antelope auk avocet badger barbet bat bear
  beaver bee bison bittern bluebird bobcat bongo bonobo buffalo bullfinch
  bunting bushbaby bustard buzzard camel canary caracal caribou cat catfish
  chamois cheetah chickadee chipmunk cicada clam colt condor coot cormorant
  cougar crab crane cricket crow cuckoo curlew deer dingo dipper
  dolphin donkey dormouse dove dragonfly duck dunlin dunnock eagle earwig
  echidna eel egret eider elk emu ermine falcon fawn ferret
  finch firefly flamingo flounder foal fox frog gannet gazelle gecko
  gerbil gibbon giraffe gnu goldfinch goose goshawk grebe grouse gull
  guppy haddock halibut hamster hare harrier hawk hedgehog heron herring
  hippo hornet horse hound hoopoe ibex ibis impala jackdaw jaguar
  jay kestrel kingfish kite kitten kiwi koala kookaburra lamb lapwing
  lark lemming lemur leopard lion lizard llama lobster loon lynx
  macaw magpie mallard mandrill manatee marlin marmot marten martin meerkat
  merlin mole mongoose moose moth mouse mule narwhal newt nuthatch
  ocelot octopus okapi oriole osprey ostrich otter owl oyster panda
  panther parrot partridge pelican penguin petrel pheasant pigeon pika pipit
  plover pony possum puffin puma quail rabbit raccoon raven redwing
  reindeer robin rook salmon sandpiper seal serval shrew siskin skylark
  sloth snipe sparrow starling stoat stork swallow swan swift tapir
  tern thrush tiger toad toucan trout turtle vole wallaby walrus
  warbler weasel whale whinchat wombat wren yak zebra`
  .trim()
  .split(/\s+/);
