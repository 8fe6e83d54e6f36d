// The page of a study: shows each pair for its time, asks, and keeps the answers for a file.

const study = JSON.parse(document.getElementById("study").textContent);
const find = (name) => document.getElementById(name);
const answers = [];
let plan = [];
let started = null;
// The trial that waits for an answer, or null while nothing is asked.
let asked = null;

function show(name) {
  for (const one of ["start", "trial", "end"]) find(one).hidden = one !== name;
}

const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });
const painted = () => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(done));
});

function say(words, mood) {
  find("words").textContent = words;
  find("words").className = mood ?? "";
}

function enable(isEnabled) {
  for (const side of ["left", "right"]) find(`choose-${side}`).disabled = !isEnabled;
}

async function begin() {
  plan = planTrials(
    Object.fromEntries(study.algorithms.map((one) => [one.name, one.pairs.length])),
    study.practice, study.trials, Math.random,
  );
  started = new Date();
  show("trial");
  await next();
}

async function next() {
  const number = answers.length;
  if (number === plan.length) return finish();
  const trial = plan[number];
  const pair = study.algorithms.find((one) => one.name === trial.algorithm).pairs[trial.pair];
  const inPractice = trial.practice ? `practice ${number + 1} of ${study.practice}`
    : `${number + 1 - study.practice} of ${study.trials}`;
  find("count").textContent = inPractice;
  find("progress").style.width = `${(100 * number) / plan.length}%`;
  enable(false);
  say("Look ...");
  find("left").src = trial.realOnLeft ? pair.real : pair.generated;
  find("right").src = trial.realOnLeft ? pair.generated : pair.real;
  await Promise.all([find("left").decode(), find("right").decode(), pause(study.between)]);
  find("pair").classList.add("shown");
  await painted();
  const from = performance.now();
  await pause(study.seconds * 1000);
  find("pair").classList.remove("shown");
  await painted();
  const until = performance.now();
  asked = { trial, shown: Math.round(until - from), from: until };
  enable(true);
  say("Which one was the real image?");
}

async function answer(side) {
  if (asked === null) return;
  const { trial, shown, from } = asked;
  asked = null;
  enable(false);
  const isRight = (side === "left") === trial.realOnLeft;
  answers.push({
    algorithm: trial.algorithm,
    pair: trial.pair,
    practice: trial.practice,
    real_on_left: trial.realOnLeft,
    labelled_real: isRight ? "real" : "generated",
    milliseconds_shown: shown,
    milliseconds_to_answer: Math.round(performance.now() - from),
  });
  if (trial.practice) {
    const where = trial.realOnLeft ? "left" : "right";
    say(isRight ? "Right." : `Wrong: the real one was on the ${where}.`, isRight ? "good" : "bad");
    // What was missed can be seen again.
    find("pair").classList.add("shown");
    await pause(study.feedback);
    find("pair").classList.remove("shown");
  }
  await next();
}

function finish() {
  show("end");
  const rows = find("shares");
  for (const [name, { fooled, trials }] of Object.entries(labelledReal(answers))) {
    const [low, high] = wilsonInterval(fooled, trials).map((share) => Math.round(100 * share));
    const row = rows.insertRow();
    for (const cell of [name, `${fooled} of ${trials}`,
      `${Math.round((100 * fooled) / trials)} %`, `${low} to ${high} %`]) {
      row.insertCell().textContent = cell;
    }
  }
  const words = crypto.getRandomValues(new Uint32Array(2));
  const session = [...words].map((word) => word.toString(16).padStart(8, "0")).join("");
  const found = {
    study: study.id, session, started: started.toISOString(), seconds: study.seconds, trials: answers,
  };
  const file = new Blob([JSON.stringify(found, null, 1)], { type: "application/json" });
  find("save").href = URL.createObjectURL(file);
  find("save").download = `answers-${session}.json`;
  find("save").focus();
}

find("begin").addEventListener("click", begin);
for (const side of ["left", "right"]) {
  find(`choose-${side}`).addEventListener("click", () => answer(side));
}
document.addEventListener("keydown", (event) => {
  const side = { ArrowLeft: "left", ArrowRight: "right" }[event.key];
  if (side && !event.repeat) answer(side);
});
window.addEventListener("beforeunload", (event) => {
  if (answers.length > 0 && answers.length < plan.length) event.preventDefault();
});
find("begin").focus();
