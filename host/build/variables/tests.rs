//! Which variables are found, whether they are needed, and what they are used for.

use super::{UsedAs, found_in, merged};

/// `NAME line` for each; `?` behind what the code can do without.
fn found(source: &str) -> Vec<String> {
    found_of(&[("app.js", source)])
}

fn found_of(files: &[(&str, &str)]) -> Vec<String> {
    let found: Vec<_> = files
        .iter()
        .map(|(file, source)| (*file, found_in(file, source)))
        .collect();
    merged(&found)
        .into_iter()
        .map(|variable| {
            let mark = if variable.needed { "" } else { "?" };
            format!("{} {}{mark}", variable.name, variable.line)
        })
        .collect()
}

#[test]
fn every_spelling_of_a_read_is_found() {
    let source = "
        const { A, B: b, ['C']: c, D = 'x' } = process.env
        const env = process.env
        use(env.E, env['F'], process?.env?.G, process.env[`H`], globalThis.process.env.I)
        const { env: again } = process
        again.J.split(',')
        fetch(process.env.K)";
    let expected = [
        "A 2", "B 2", "C 2", "D 2?", "E 4", "F 4", "G 4", "H 4", "I 4", "J 6", "K 7",
    ];
    assert_eq!(found(source), expected);
    let module = "import { env } from 'node:process'
      export const key = env.KEY!
      const { OTHER } = env";
    assert_eq!(found_of(&[("a.ts", module)]), ["KEY 2", "OTHER 3"]);
    assert_eq!(found("this does not parse"), Vec::<String>::new());
}

#[test]
fn what_the_code_can_do_without_is_told_apart() {
    let source = "
        const a = process.env.A || 'x', b = process.env.B ?? 1
        if (process.env.C) start()
        const d = process.env.D ? 1 : 2
        if (process.env.E === 'production') start()
        if (!process.env.F) throw new Error('F is missing')
        const on = !!process.env.G
        process.env.H && start()
        use(process.env.I); if (process.env.I) start()
        process.env.J = '1'; use(process.env.J)
        const k = process.env.K; if (k) start(k)
        use(process.env.HOME, process.env.VERCEL_URL)
        delete process.env.L
        const m = process.env.M; if (!m) process.exit(1)";
    let expected = [
        "A 2?",
        "B 2?",
        "C 3?",
        "D 4?",
        "E 5?",
        "F 6",
        "G 7?",
        "H 8?",
        "I 9?",
        "J 10?",
        "K 11?",
        "HOME 12?",
        "VERCEL_URL 12?",
        "M 14",
    ];
    assert_eq!(found(source), expected);
}

#[test]
fn what_has_a_default_or_is_only_asked_for_is_not_needed() {
    let source = "
        const pool = new Pool({ connectionString: process.env.A, max: 4 })
        const port = Number(process.env.B) || 3000, many = parseInt(process.env.C, 10) ?? 5
        const list = process.env.D?.split(',')
        if (ready && process.env.E) start()
        if (!process.env.F) return
        const how = !process.env.G ? 'off' : 'on'
        const url = process.env.H ? new URL(process.env.H) : null
        if (!process.env.I || !process.env.J) { console.error('missing'); process.exit(1) }
        const other = new Sequelize({ connectionString: process.env.K }), n = Number(process.env.L)
        use(ready && process.env.M)";
    let expected = [
        "A 2?", "B 3?", "C 3?", "D 4?", "E 5?", "F 6?", "G 7?", "H 8?", "I 9", "J 9", "K 10",
        "L 10", "M 11",
    ];
    assert_eq!(found(source), expected);
}

#[test]
fn helpers_and_libraries_name_variables_too() {
    let helper = "exports.need = (name, fallback) => process.env[name] ?? fallback ?? fail(name)
      function requireEnv(key) { const value = process.env[key]; if (!value) throw 1; return value }
      const a = requireEnv('IN_ONE_FILE')";
    let user = "const { requireEnv, need } = require('./config')
      const need2 = requireEnv('IN_ANOTHER'), text = other('NOT_ME')";
    assert_eq!(
        found_of(&[("config.js", helper), ("app.js", user)]),
        ["IN_ONE_FILE 3", "IN_ANOTHER 2"]
    );
    let libraries = "
        const env = require('env-var')
        const a = env.get('A_KEY').required().asString(), b = env.get('B_KEY').default('x').asString()
        class S { constructor(configService) { this.c = configService.getOrThrow('C_KEY'); configService.get('D_KEY') } }
        map.get('E_KEY')";
    assert_eq!(
        found(libraries),
        ["A_KEY 3", "B_KEY 3?", "C_KEY 4", "D_KEY 4?"]
    );
}

#[test]
fn schemas_that_the_environment_is_given_to_name_variables() {
    let source = "
        const schema = z.object({
          A_KEY: z.string().min(1), B_KEY: z.string().optional(),
          C_KEY: z.coerce.number().default(3000) })
        const env = schema.parse(process.env)
        const clean = cleanEnv(process.env, { D_KEY: str(), E_KEY: str({ default: 'x' }) })
        const { error } = Joi.object({ F_KEY: Joi.string().required(), G_KEY: Joi.string() }).validate(process.env)
        createEnv({ server: { H_KEY: z.string() }, runtimeEnv: process.env })
        z.object({ NOT_ME: z.string() }).parse(body)";
    let expected = [
        "A_KEY 3", "B_KEY 3?", "C_KEY 4?", "D_KEY 6", "E_KEY 6?", "F_KEY 7", "G_KEY 7?", "H_KEY 8",
    ];
    assert_eq!(found(source), expected);
}

#[test]
fn what_a_value_is_used_for_is_seen() {
    let source = "
        const odd = process.env.SIGNING, { SENDER, ACCOUNT } = process.env
        const expected = crypto.createHmac('sha256', odd).update(raw).digest('hex')
        if (req.headers['x-hub-signature-256'] !== expected) return
        if (req.query['hub.verify_token'] === process.env.HOOK_WORD) return
        fetch(`https://graph.facebook.com/${process.env.LEVEL}/${SENDER}/messages`)
        fetch(`${base}/${ACCOUNT}/message_templates`)
        createHmac('sha256', process.env.OTHER)";
    let found = [("app.js", found_in("app.js", source))];
    let used: Vec<_> = merged(&found)
        .into_iter()
        .map(|variable| (variable.name, variable.used_as))
        .collect();
    let named = |name: &str| name.to_owned();
    assert_eq!(
        used,
        [
            (named("SIGNING"), Some(UsedAs::AppSecret)),
            (named("SENDER"), Some(UsedAs::PhoneNumberId)),
            (named("ACCOUNT"), Some(UsedAs::AccountId)),
            (named("HOOK_WORD"), Some(UsedAs::VerifyToken)),
            (named("LEVEL"), Some(UsedAs::GraphVersion)),
            (named("OTHER"), Some(UsedAs::AppSecret)),
        ]
    );
}
