//! What people see: reports opened in Chromium from a file, at the width of a phone and of a screen, in both languages.
//!
//! Where there is no Chromium (`make test` installs it), each test is listed by name as ignored. With
//! `FIREWARDEN_SCREENSHOTS` set to a folder, pictures and prints are left there, also of the result folders named in
//! `FIREWARDEN_RESULTS`, with `:` between them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

#[path = "../common/mod.rs"]
mod common;
mod driver;
mod pages;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use common::bench::{Bench, PARKING};
use driver::Browser;
use libtest_mimic::{Arguments, Trial};
use pages::{NASTY, Wanted, write};
use serde_json::Value;

const BAD_NIGHT: Wanted = Wanted { cameras: 6, violations: 12, seconds: 36_000, still: 1_920 };
const QUIET_NIGHT: Wanted = Wanted { cameras: 3, violations: 0, seconds: 43_200, still: 1_920 };
const MANY: Wanted = Wanted { cameras: 50, violations: 1_000, seconds: 43_200, still: 640 };

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let installed = driver::installed();
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
        .with_ignored_flag(!installed)
    };
    let mut trials = vec![
        trial("a_bad_night_fits_a_phone_and_a_screen", || fits("bad-night", &BAD_NIGHT)),
        trial("a_quiet_night_fits_a_phone_and_a_screen", || fits("quiet-night", &QUIET_NIGHT)),
        trial("a_clip_is_played_by_a_click_on_its_link", clip),
        trial("a_thousand_violations_open_in_a_page_under_60_mb", many),
    ];
    if let Some(results) = std::env::var_os("FIREWARDEN_RESULTS") {
        for folder in std::env::split_paths(&results) {
            let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
            trials.push(
                Trial::test(format!("{name}_fits_a_phone_and_a_screen"), move || {
                    look_at(&name, &folder);
                    Ok(())
                })
                .with_ignored_flag(!installed),
            );
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn fits(name: &str, wanted: &Wanted) {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), wanted);
    look_at(name, folder.path());
}

/// Opens a report in both widths and both languages.
fn look_at(name: &str, folder: &Path) {
    for (width, height) in [(360, 780), (1600, 1000)] {
        let browser = Browser::new(width, height);
        browser.open(&address(folder));
        for language in ["zh", "en"] {
            browser.click(&format!("label[for={language}]"));
            let what = format!("{name} at {width} in {language}");
            assert_eq!(browser.run("return innerWidth"), width, "{what}");
            one_language(&browser, language, &what);
            nothing_overflows(&browser, &what);
            pictures_have_texts(&browser, &what);
            keep(&format!("{name}-{width}-{language}.png"), || browser.picture());
        }
        links_resolve(&browser, folder, name);
        assert_ne!(browser.run("return document.title"), "harmed");
        assert_eq!(browser.run("return document.scripts.length"), 0);
        if width == 1600 {
            let printed = browser.print();
            assert!(printed.starts_with(b"%PDF"), "{name} cannot be printed");
            keep(&format!("{name}.pdf"), || printed.clone());
        }
    }
}

fn address(folder: &Path) -> String {
    format!("file://{}/report.html", folder.canonicalize().expect("a folder").display())
}

fn keep(name: &str, bytes: impl Fn() -> Vec<u8>) {
    if let Some(folder) = std::env::var_os("FIREWARDEN_SCREENSHOTS").map(PathBuf::from) {
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(name), bytes()).expect("written");
    }
}

fn list(value: Value) -> Vec<String> {
    let items = value.as_array().expect("a list").iter();
    items.map(|item| item.as_str().expect("a text").to_owned()).collect()
}

/// Text of the other language is there and not shown.
fn one_language(browser: &Browser, language: &str, what: &str) {
    let (shown, hidden) = if language == "zh" { ("zh-CN", "en") } else { ("en", "zh-CN") };
    let visible = |lang: &str| {
        let script = format!(
            "return [...document.querySelectorAll('main [lang=\"{lang}\"]')].filter(e => e.getClientRects().length).length"
        );
        browser.run(&script).as_u64().expect("a number")
    };
    assert!(visible(shown) > 20, "{what}");
    assert_eq!(visible(hidden), 0, "{what}");
}

/// Nothing reaches beyond the page's width, but for what a table that may be scrolled holds; and no box is narrower
/// than the text in it.
fn nothing_overflows(browser: &Browser, what: &str) {
    let script = "
        const wrong = [], width = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth > width) wrong.push('page ' + document.documentElement.scrollWidth);
        for (const e of document.querySelectorAll('body *')) {
            if (e.closest('svg') || e.closest('.wide') || e.closest('.axis') || !e.getClientRects().length) continue;
            const r = e.getBoundingClientRect();
            const name = e.tagName + '.' + e.className + ' ' + (e.textContent || '').slice(0, 40);
            if (r.width && (r.left < -1 || r.right > width + 1)) wrong.push('outside: ' + name + ' ' + r.left + '-' + r.right);
            if (e.tagName !== 'INPUT' && e.clientWidth && e.scrollWidth > e.clientWidth + 1) wrong.push('overflows: ' + name);
        }
        for (const e of document.querySelectorAll('.wide')) {
            if (e.getBoundingClientRect().right > width + 1) wrong.push('wide');
        }
        return wrong.slice(0, 10);";
    assert_eq!(list(browser.run(script)), Vec::<String>::new(), "{what}");
}

/// Every picture is shown and has a text for those who do not see it.
fn pictures_have_texts(browser: &Browser, what: &str) {
    let script = "
        const wrong = [];
        for (const e of document.images) {
            if (!e.alt.trim()) wrong.push('no text: ' + e.src.slice(0, 60));
            if (!e.getAttribute('src').startsWith('data:image/jpeg;base64,')) wrong.push('not inlined: ' + e.src.slice(0, 60));
        }
        for (const e of document.querySelectorAll('svg:not([aria-hidden])')) {
            if (!(e.getAttribute('aria-label') || '').trim()) wrong.push('no text: svg');
        }
        return wrong;";
    assert_eq!(list(browser.run(script)), Vec::<String>::new(), "{what}");
    let broken = "
        return Promise.all([...document.images].map(e => {
            const i = new Image(); i.src = e.src; return i.decode().then(() => '', () => e.alt);
        })).then(all => all.filter(a => a));";
    assert_eq!(list(browser.run(broken)), Vec::<String>::new(), "{what}");
}

/// Links within the page lead somewhere, the others to files of the folder; none leads out of it.
fn links_resolve(browser: &Browser, folder: &Path, what: &str) {
    let all = list(browser.run("return [...document.querySelectorAll('[href],[src]')].map(e => e.getAttribute('href') || e.getAttribute('src'))"));
    assert!(!all.is_empty(), "{what} has no links");
    for link in all.iter().filter(|link| !link.starts_with("data:")) {
        match link.strip_prefix('#') {
            Some(id) => {
                let there = browser.run(&format!("return !!document.getElementById('{id}')"));
                assert_eq!(there, true, "{what}: nothing is called {id}");
            }
            None => {
                assert!(
                    !link.contains(':') && !link.starts_with('/'),
                    "{what}: {link} leads out of the folder"
                );
                assert!(folder.join(link).is_file(), "{what}: {link} is not there");
            }
        }
    }
}

/// What a reader does: follows the link of a clip in the report of an analysis.
fn clip() {
    let bench = Bench::new().camera("lane", "20260131_235950.mp4", PARKING);
    let args = format!("{} -c:v libx264 -g 20 -bf 2 -pix_fmt yuv420p", common::street(14, 10));
    bench.clip("20260131_235950.mp4", &args);
    common::assert_code(&bench.run("out", &[]), 0);
    let browser = Browser::new(1600, 1000);
    browser.open(&address(&bench.path("out")));
    let link = browser.run("return document.querySelector('a[href$=\".mp4\"]').getAttribute('href')");
    assert!(bench.path("out").join(link.as_str().expect("a link")).is_file());
    browser.click("a[href$=\".mp4\"]");
    let played = browser.run(
        "return new Promise(done => {
            const v = document.querySelector('video');
            const tell = () => done([v.videoWidth, v.videoHeight, v.duration, v.error ? v.error.message : '']);
            v.onerror = tell;
            v.onseeked = tell;
            const seek = () => { v.currentTime = v.duration / 2; };
            if (v.readyState >= 1) seek(); else v.onloadedmetadata = seek;
        })",
    );
    assert_eq!((&played[0], &played[1], &played[3]), (&320.into(), &240.into(), &"".into()), "{played}");
    // From the beginning to 5 s after it was raised, 5 s from there.
    assert!(played[2].as_f64().is_some_and(|lasts| (10.0..10.6).contains(&lasts)), "{played}");
}

fn many() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = write(folder.path(), &MANY);
    assert!(bytes < 60_000_000, "{bytes} bytes");
    let browser = Browser::new(1600, 1000);
    let began = Instant::now();
    browser.open(&address(folder.path()));
    let shown = browser.run("return document.querySelectorAll('article.violation').length");
    // Said, not asserted: how fast a machine is, no test decides.
    println!("{bytes} bytes, open after {:.2} s", began.elapsed().as_secs_f64());
    assert_eq!(shown, 1_000);
    assert_eq!(browser.run("return document.querySelectorAll('section.camera').length"), 50);
    let names = browser.run("return document.body.textContent");
    assert!(NASTY.iter().all(|name| names.as_str().is_some_and(|text| text.contains(name))));
    keep("many-1600.pdf", || browser.print());
}
