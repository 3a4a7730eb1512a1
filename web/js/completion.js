// Completion of YAML: kinds and fields from the engine's tables, names from the objects of the manifests.
import { fields, kinds, requests } from "pkg/tables.js";

/** The kinds of objects that the value of a key names, in manifests and in requests. */
const NAMED = {
  workload: ["Deployment", "Pod", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"],
  service: ["Service", "ServiceEntry"],
  serviceAccount: ["ServiceAccount"],
  serviceAccountName: ["ServiceAccount"],
  gateway: ["Gateway"],
  host: ["Service", "ServiceEntry"],
  "istio.io/use-waypoint": ["Gateway"],
};

const indentOf = (line) => /^\s*(- +)*/.exec(line)[0].length;
const keyOf = (line) => /^\s*(?:- +)*([\w./-]+):/.exec(line)?.[1];

/** The keys above a line, outermost first, up to the beginning of its document. */
function path(lines, number) {
  const keys = [];
  let indent = indentOf(lines[number]);
  for (let above = number - 1; above >= 0 && !lines[above].startsWith("---"); above--) {
    const key = keyOf(lines[above]);
    if (!key || indentOf(lines[above]) >= indent) continue;
    keys.unshift(key);
    // An entry's other keys are as deep as its first; what holds the list is less deep than its dash.
    indent = Math.min(indentOf(lines[above]), /^\s*/.exec(lines[above])[0].length || indentOf(lines[above]));
  }
  return keys;
}

/** The names that may follow a path in a list of paths such as `spec.rules[].to[].operation`. */
function below(paths, keys) {
  const found = new Set();
  for (const written of paths) {
    const parts = written.replaceAll("[]", "").split(".");
    if (keys.every((key, place) => parts[place] === key || parts[place] === "*") && parts[keys.length]) found.add(parts[keys.length]);
  }
  found.delete("*");
  return [...found];
}

/** The document that holds a line. */
function documentOf(lines, number) {
  const start = lines.slice(0, number).findLastIndex((line) => line.startsWith("---")) + 1;
  const length = lines.slice(number).findIndex((line) => line.startsWith("---"));
  return lines.slice(start, length < 0 ? undefined : number + length);
}

/** The objects, as `{ kind, namespace, name }`, whose name may be the value of a key. */
function named(key, before, around, objects) {
  const kindBeside = /kind: *(\w+)/.exec(before)?.[1] ?? around.map((line) => /^\s*(?:- +)*kind: *(\w+)/.exec(line)?.[1]).find(Boolean);
  const wanted = key === "name" ? [kindBeside] : NAMED[key];
  return objects.filter(({ kind }) => wanted?.includes(kind));
}

/**
 * What can stand at a place, as texts: `before` is the line up to the caret. `objects` are those of the manifests.
 */
export function suggest(lines, number, before, isRequests, objects) {
  const value = /(?:^|[\s{,])([\w./-]+): *["']?[\w./-]*$/.exec(before);
  if (value) {
    const [, key] = value;
    if (key === "kind") return kinds;
    if (key === "namespace" || key.endsWith("-namespace")) return [...new Set(objects.map((object) => object.namespace).filter(Boolean))];
    const indent = indentOf(lines[number]);
    const around = [number - 2, number - 1, number + 1].map((at) => lines[at] ?? "").filter((line) => indentOf(line) === indent);
    const qualified = isRequests && key !== "host";
    return named(key, before, around, objects).map(({ namespace, name }) => (qualified ? `${namespace}/${name}` : name));
  }
  if (!/^\s*(- +)*\w*$/.test(before)) return [];
  const keys = path(lines, number);
  if (isRequests) return below(requests, keys.filter((key, place) => place > 0 || key !== "requests")).map((key) => `${key}: `);
  const kind = documentOf(lines, number).map((line) => /^kind: *(\w+)/.exec(line)?.[1]).find(Boolean);
  const first = ["apiVersion", "kind", "metadata", "spec"];
  const metadata = ["name", "namespace", "labels", "annotations"];
  if (keys.length === 0) return first.map((key) => `${key}: `);
  if (keys.length === 1 && keys[0] === "metadata") return metadata.map((key) => `${key}: `);
  return below(fields[kind] ?? [], keys).map((key) => `${key}: `);
}
