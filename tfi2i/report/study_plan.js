// Which trials a session has, and what its answers say. No page is needed for any of this.

// Shuffles in place; `random` gives numbers in [0, 1).
function shuffled(items, random) {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
}

// Practice first. All algorithms have equally many trials, or one more, in random order, and no pair comes twice.
function planTrials(pairCounts, practice, trials, random) {
  const names = Object.keys(pairCounts);
  const left = {};
  for (const name of names) left[name] = shuffled([...Array(pairCounts[name]).keys()], random);
  const plan = [];
  for (const [length, isPractice] of [[practice, true], [trials, false]]) {
    const turns = [];
    while (turns.length < length) turns.push(...shuffled([...names], random));
    for (const name of shuffled(turns.slice(0, length), random)) {
      plan.push({
        algorithm: name, pair: left[name].pop(), practice: isPractice, realOnLeft: random() < 0.5,
      });
    }
  }
  return plan;
}

// Wilson's score interval of a share, at 95 %.
function wilsonInterval(successes, trials) {
  const z = 1.959963984540054;
  const share = successes / trials;
  const spread = (z * z) / trials;
  const middle = (share + spread / 2) / (1 + spread);
  const half = Math.sqrt(share * (1 - share) * spread + (spread * spread) / 4) / (1 + spread);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

// Of each algorithm: how often its image was taken for the real one, practice left out.
function labelledReal(answers) {
  const counts = {};
  for (const answer of answers) {
    if (answer.practice) continue;
    counts[answer.algorithm] ??= { trials: 0, fooled: 0 };
    counts[answer.algorithm].trials += 1;
    if (answer.labelled_real === "generated") counts[answer.algorithm].fooled += 1;
  }
  return counts;
}

if (typeof module !== "undefined") module.exports = { planTrials, wilsonInterval, labelledReal };
