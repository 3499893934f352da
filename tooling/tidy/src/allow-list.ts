// Known exceptions to the rules. An exception has a reason, and one that no longer applies is itself a finding.
import type { Finding } from "./rule.ts";

export interface Allowance {
  readonly rule: string;
  readonly path: string;
  /** Narrows the exception to one function or name of the file. */
  readonly subject?: string;
  /** Why the rule is wrong here; the reader of the file would ask. */
  readonly reason: string;
}

export interface Judged {
  /** What no allowance covers. */
  readonly findings: readonly Finding[];
  readonly unused: readonly Allowance[];
}

/** Splits one rule's findings by the allowances made for that rule. */
export function judge(rule: string, findings: readonly Finding[], allowances: readonly Allowance[]): Judged {
  const relevant = allowances.filter((allowance) => allowance.rule === rule);
  return {
    findings: findings.filter((finding) => !relevant.some((allowance) => covers(allowance, finding))),
    unused: relevant.filter((allowance) => !findings.some((finding) => covers(allowance, finding))),
  };
}

/** What is wrong with the list itself: reasons that say nothing, rules that do not exist. */
export function checkAllowances(allowances: readonly Allowance[], ruleNames: readonly string[]): readonly string[] {
  return allowances.flatMap(({ rule, path, reason }) => [
    ...(reason.trim().length < 20 ? [`allow-list: ${path} (${rule}): write a reason that convinces a reader`] : []),
    ...(ruleNames.includes(rule) ? [] : [`allow-list: ${path}: there is no rule "${rule}"`]),
  ]);
}

function covers(allowance: Allowance, finding: Finding): boolean {
  return allowance.path === finding.path && (allowance.subject === undefined || allowance.subject === finding.subject);
}
