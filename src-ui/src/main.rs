//! The program Trunk builds; everything is in the library.

fn main() {
    tidings_ui::run();
}
