//! Every text of the page, once for each language.
//!
//! - `en`: the texts in English, an area a file, which name them for all languages.
//! - `de`: the same in German. A text that is missing in a language does not compile.
//! - `holes`: figures and names within a text.
//! - `marks`: what stands between the digits of a number.
//!
//! What comes from a server is shown as it comes.

/// Declares the texts of an area by their English.
macro_rules! table {
    ($(#[$about:meta])* $area:ident { $($name:ident: $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug)]
        pub struct $area {
            $(#[doc = $text] pub $name: &'static str,)*
        }

        pub(in crate::text) const TEXTS: $area = $area { $($name: $text,)* };

        #[cfg(test)]
        impl $area {
            pub(in crate::text) fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((concat!(stringify!($area), ".", stringify!($name)), self.$name),)*]
            }
        }
    };
}

mod all;
mod de;
mod en;
mod holes;
mod marks;

use std::cell::{Cell, RefCell};

use all::{DE, EN};

pub use all::Text;
pub use en::*;
pub use holes::{counted, fill};
pub use marks::Marks;

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// As documents and settings have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What it calls itself.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The one that a tag such as `de-AT` begins with.
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        let first = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| first.eq_ignore_ascii_case(language.code()))
    }

    fn texts(self) -> &'static Text {
        match self {
            Self::English => &EN,
            Self::German => &DE,
        }
    }
}

thread_local! {
    static CHOSEN: Cell<&'static Text> = const { Cell::new(&EN) };
    static LANGUAGE: Cell<Language> = const { Cell::new(Language::English) };
    static MARKS: Cell<Marks> = const { Cell::new(Marks::ENGLISH) };
    static LOCALE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The texts of the language in use.
#[must_use]
pub fn text() -> &'static Text {
    CHOSEN.get()
}

/// The language in use.
#[must_use]
pub fn language() -> Language {
    LANGUAGE.get()
}

/// What stands between the digits of a number.
#[must_use]
pub fn marks() -> Marks {
    MARKS.get()
}

/// Looks at the tag by whose rules dates are written.
pub fn with_locale<T>(look: impl FnOnce(&str) -> T) -> T {
    LOCALE.with_borrow(|locale| look(locale))
}

/// Goes over to another language. Dates go by `locale`, a tag such as `de-AT`, and by the browser's own where that is empty.
pub fn choose(language: Language, locale: &str, marks: Marks) {
    CHOSEN.set(language.texts());
    LANGUAGE.set(language);
    MARKS.set(marks);
    LOCALE.replace(locale.to_owned());
}

#[cfg(test)]
mod tests;
