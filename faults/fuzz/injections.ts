/** Stands in every text below, so that it can be searched for afterwards. */
export const MARK = 'zq7'
/** A statement that got through would keep its caller waiting so long. */
export const SLEEP_S = 5

const QUOTES = ["'", '"', "')", '")', "'))", '`', '\\', "\\'", '$$', '%27', '\u02bc', '\uff07', "';", '";', '/*', '--']
const STATEMENTS = [
  `; drop table campaigns; -- ${MARK}`,
  `; select pg_sleep(${SLEEP_S}); -- ${MARK}`,
  ` or 1=1 -- ${MARK}`,
  ` union select null, version(), '${MARK}' --`,
  `||(select pg_sleep(${SLEEP_S}))||'${MARK}`,
  ` and 1=cast((select '${MARK}') as int) --`,
  `; copy (select '${MARK}') to program 'id' --`,
  `; insert into users(name) values ('${MARK}') --`,
]

const SLEEPS = [
  `1; select pg_sleep(${SLEEP_S})--${MARK}`,
  `(select pg_sleep(${SLEEP_S}))--${MARK}`,
  `1 and (select 1 from pg_sleep(${SLEEP_S}))=1--${MARK}`,
  `id, (select case when true then pg_sleep(${SLEEP_S}) end)--${MARK}`,
  `created_at desc; select pg_sleep(${SLEEP_S}) --${MARK}`,
  `'; waitfor delay '0:0:5' --${MARK}`,
  `' and sleep(5) --${MARK}`,
  `' and benchmark(50000000,md5(1)) --${MARK}`,
]

const OPERATORS = [
  `{"$gt":"${MARK}"}`,
  `{"$ne":null,"x":"${MARK}"}`,
  `{"$where":"sleep(5000)||'${MARK}'"}`,
  `[$ne]=${MARK}`,
  `{"like":"%${MARK}"}`,
  `%${MARK}%`,
  `_${MARK}_`,
  `*${MARK}*`,
  `(?=${MARK})`,
  `a{1000000}${MARK}`,
  `((a+)+)+$${MARK}`,
]

const TEMPLATES = [
  `{{constructor.constructor("return process")()}}${MARK}`,
  `{{7*7}}${MARK}`,
  `\${7*7}${MARK}`,
  `<%= 7*7 %>${MARK}`,
  `#{7*7}${MARK}`,
  `{{env "PATH"}}${MARK}`,
  `{{__proto__}}${MARK}`,
  `{% include '/etc/passwd' %}${MARK}`,
  `{{ ''|constructor }}${MARK}`,
  `%s%s%s%n${MARK}`,
]

const SHELLS = [
  `; cat /etc/passwd #${MARK}`,
  `| id ${MARK}`,
  `$(sleep 5)${MARK}`,
  `\`sleep 5\`${MARK}`,
  `../../../../etc/passwd${MARK}`,
  `..\\..\\windows\\win.ini${MARK}`,
  `/etc/passwd%00${MARK}`,
  `file:///etc/passwd?${MARK}`,
  `\r\nX-Injected: ${MARK}`,
  `%0d%0aSet-Cookie:%20a=${MARK}`,
]

const TEXTS = [
  `\u0000${MARK}`,
  `${MARK}\ud800`,
  `\u202e${MARK}`,
  `\ufeff${MARK}`,
  `<script>alert(1)</script>${MARK}`,
  `"><img src=x onerror=alert(1)>${MARK}`,
  `*)(uid=*))(|(uid=*${MARK}`,
  `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${MARK}`,
  `__proto__${MARK}`,
  `constructor.prototype.${MARK}`,
  `=cmd|'/c calc'!A1${MARK}`,
  `NaN${MARK}`,
  `1e309${MARK}`,
  `true${MARK}`,
  `-1${MARK}`,
  `9223372036854775808${MARK}`,
  `0x7fffffff${MARK}`,
  `${'A'.repeat(5000)}${MARK}`,
  `${'é'.repeat(3000)}${MARK}`,
  `2025-02-30T25:61:61Z${MARK}`,
  `00000000-0000-0000-0000-00000000000g${MARK}`,
  `a\tb\nc${MARK}`,
  `\u{1f956}\u200d\u{1f468}${MARK}`,
  `\u0001\u001b[31m${MARK}`,
]

/** Two hundred texts that mean something to a database, a template, a shell, a browser or a spreadsheet. */
export const INJECTIONS: readonly string[] = [
  ...SLEEPS,
  ...QUOTES.flatMap((quote) => STATEMENTS.map((statement) => quote + statement)),
  ...OPERATORS,
  ...TEMPLATES,
  ...SHELLS,
  ...TEXTS,
  ...QUOTES.slice(0, 9).map((quote) => `${MARK}${quote}`),
]
