import { CaseTag, ForTag, IfTag, Output, toValueSync, TypeGuards, UnlessTag, type Template } from 'liquidjs'
import type { TemplateNeed } from '#contract/templates.ts'
import { ALWAYS_THERE, type TemplateScope } from './recipientScope.ts'
import { compileTemplate, type CompiledTemplate } from './renderTemplate.ts'

/** A value with its filters. */
type Filtered = {
  initial: { postfix: readonly unknown[] }
  filters: readonly { name: string; args: readonly unknown[] }[]
}

type Finding = {
  needs: Map<string, TemplateNeed>
  /** Names that the text itself makes, from where it makes them on. */
  own: Set<string>
}

/** After these nothing is empty any more, so that a `default` behind them has nothing to replace. */
const FILLING = new Set(['append', 'prepend', 'plus', 'minus', 'times', 'at_least', 'at_most', 'concat'])

/**
 * The variables that a text speaks of, in the order in which they come first. One has a fallback when the text reads
 * well without it at every place: behind it stands a `default`, or a condition asks for it first. What a `default` puts
 * in its place counts as needed itself. Names that the text makes (`assign`, `for`) are not among them. Throws
 * TEMPLATE_INVALID.
 */
export function templateNeeds(text: string): TemplateNeed[] {
  return needsOf([compileTemplate(text)])
}

/** The same for several texts that one recipient gets. */
export function needsOf(templates: CompiledTemplate[]): TemplateNeed[] {
  const needs = new Map<string, TemplateNeed>()
  for (const { parts } of templates) walk(parts, { needs, own: new Set() }, [])
  return [...needs.values()]
}

/** Which of the needed variables are empty for this recipient, where nothing stands in for them. */
export function missingOf(needs: TemplateNeed[], scope: TemplateScope): string[] {
  const isMissing = ({ name, hasFallback }: TemplateNeed) =>
    !hasFallback && !ALWAYS_THERE.has(name) && (scope[name] ?? '').trim() === ''
  return needs.filter(isMissing).map(({ name }) => name)
}

/** `asked`: names of which a condition around this part has made sure. */
function walk(parts: Template[], finding: Finding, asked: readonly string[]): void {
  for (const part of parts) {
    if (part instanceof Output) note(finding, part.value, asked)
    else if (part instanceof IfTag) walkIf(part, finding, asked)
    else if (part instanceof UnlessTag || part instanceof CaseTag) walkChoice(part, finding, asked)
    else if (part instanceof ForTag) walkFor(part, finding, asked)
    else walkOther(part, finding, asked)
  }
}

function walkIf({ branches, elseTemplates }: IfTag, finding: Finding, asked: readonly string[]): void {
  for (const { value, templates } of branches) {
    noteAll(finding, namesIn(value), true)
    walk(templates, finding, [...asked, ...ensuredBy(value)])
  }
  walk(elseTemplates ?? [], finding, asked)
}

/** Neither can be without its value: where it is empty, nothing or the other branch is written. */
function walkChoice(part: UnlessTag | CaseTag, finding: Finding, asked: readonly string[]): void {
  for (const argument of part.arguments()) noteAll(finding, namesIn(argument), true)
  for (const { templates } of part.branches) walk(templates, finding, asked)
  walk(part.elseTemplates ?? [], finding, asked)
}

function walkFor(part: ForTag, finding: Finding, asked: readonly string[]): void {
  const [collection, ...others] = [...part.arguments()]
  noteAll(finding, namesIn(collection), part.elseTemplates.length > 0 || undefined, asked)
  for (const argument of others) note(finding, argument, asked)
  const inside = { needs: finding.needs, own: new Set([...finding.own, ...part.blockScope()]) }
  walk(part.templates, inside, asked)
  walk(part.elseTemplates, finding, asked)
}

function walkOther(part: Template, finding: Finding, asked: readonly string[]): void {
  for (const argument of part.arguments?.() ?? []) note(finding, argument, asked)
  const children = part.children === undefined ? [] : (toValueSync(part.children(false, true)) as Template[])
  walk(children, { needs: finding.needs, own: new Set([...finding.own, ...(part.blockScope?.() ?? [])]) }, asked)
  for (const name of part.localScope?.() ?? []) finding.own.add(typeof name === 'string' ? name : name.content)
}

/** A place where the value is written. */
function note(finding: Finding, value: unknown, asked: readonly string[]): void {
  if (!isFiltered(value)) return noteAll(finding, namesIn(value), undefined, asked)
  noteAll(finding, value.initial.postfix.flatMap(namesIn), hasDefault(value) || undefined, asked)
  for (const { args } of value.filters) noteAll(finding, args.flatMap(namesIn), undefined, asked)
}

function hasDefault({ filters }: Filtered): boolean {
  const at = filters.findIndex(({ name }) => name === 'default')
  return at >= 0 && !filters.slice(0, at).some(({ name }) => FILLING.has(name))
}

/** `hasFallback` not said: where a condition has asked for it. */
function noteAll(
  { needs, own }: Finding,
  names: string[],
  hasFallback: true | undefined,
  asked: readonly string[] = [],
): void {
  for (const name of names) {
    if (own.has(name)) continue
    const known = needs.get(name)?.hasFallback ?? true
    needs.set(name, { name, hasFallback: known && (hasFallback ?? asked.includes(name)) })
  }
}

/** What is surely not empty where the condition holds: `a`, `a and b`, `a != blank`. */
function ensuredBy({ initial: { postfix } }: Filtered): string[] {
  const operators = postfix.filter((token) => TypeGuards.isOperatorToken(token)).map((token) => token.operator)
  if (operators.every((operator) => operator === 'and')) return postfix.flatMap(namesIn)
  const [subject, other] = postfix
  const isOneComparison = operators.length === 1 && operators[0] === '!=' && isNothing(other)
  return isOneComparison ? namesIn(subject) : []
}

function isNothing(token: unknown): boolean {
  if (TypeGuards.isQuotedToken(token)) return token.content === ''
  return TypeGuards.isLiteralToken(token) && (token.literal === 'blank' || token.literal === 'empty')
}

/** Every variable of an expression, by the first part of its path. */
function namesIn(value: unknown): string[] {
  if (isFiltered(value)) {
    return [...value.initial.postfix, ...value.filters.flatMap(({ args }) => args)].flatMap(namesIn)
  }
  // An argument with a name: `allow_false: true`.
  if (Array.isArray(value)) return namesIn(value[1])
  if (TypeGuards.isRangeToken(value)) return [...namesIn(value.lhs), ...namesIn(value.rhs)]
  if (!TypeGuards.isPropertyAccessToken(value)) return []
  const [first, ...others] = value.props
  const name =
    value.variable !== undefined || first === undefined || !('content' in first) ? [] : [String(first.content)]
  return [...name, ...namesIn(value.variable), ...(name.length === 0 ? namesIn(first) : []), ...others.flatMap(namesIn)]
}

function isFiltered(value: unknown): value is Filtered {
  return typeof value === 'object' && value !== null && 'initial' in value && 'filters' in value
}
