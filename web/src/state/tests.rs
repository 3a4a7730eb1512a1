//! What a visitor does, without a browser: messages in, state and effects out.

use super::*;
use crate::share::{Shared, Unreadable, native};
use crate::worker;

fn mine() -> Texts {
    Texts {
        manifests: "# mine\n".to_owned(),
        requests: "[]\n".to_owned(),
    }
}

/// Runs the engine as the worker would, until nothing is asked any more.
fn settle(state: &mut State, effects: Vec<Effect>) {
    for effect in effects {
        match effect {
            Effect::Ask(question) => {
                let answer = worker::answer(*question);
                let effects = state.update(Message::Answered(Box::new(answer)));
                settle(state, effects);
            }
            Effect::EvaluateSoon => {
                let effects = state.update(Message::Evaluate);
                settle(state, effects);
            }
            _ => {}
        }
    }
}

fn arrived(arrival: Arrival) -> State {
    let mut state = State::arrive(arrival);
    let effects = state.update(Message::Evaluate);
    settle(&mut state, effects);
    state
}

/// With a fragment in the address.
fn at(fragment: &str) -> Arrival {
    Arrival {
        fragment: fragment.to_owned(),
        shared: native::decode(fragment),
        ..Arrival::default()
    }
}

fn link(text: &Texts) -> String {
    native::encode(&Shared {
        manifests: text.manifests.clone(),
        requests: text.requests.clone(),
        ..Shared::default()
    })
}

#[test]
fn a_first_visit_shows_the_first_example() {
    let state = arrived(Arrival::default());
    let [allow, deny, unknown] = state.counts();
    assert!(allow > 0 && deny > 0 && unknown == 0);
    assert!(matches!(state.notice, Some(Notice::Example(_))));
}

#[test]
fn a_link_beats_what_is_stored_and_destroys_nothing() {
    let theirs = Texts {
        manifests: "# theirs\n".to_owned(),
        requests: "[]\n".to_owned(),
    };
    let arrival = Arrival {
        stored: Some(mine()),
        ..at(&link(&theirs))
    };
    let mut state = arrived(arrival);
    assert_eq!(state.texts, theirs);
    assert_eq!(state.notice, Some(Notice::TheirsOpen(mine())));
    let effects = state.update(Message::Typed(
        Tab::Manifests,
        "# theirs, changed\n".to_owned(),
    ));
    assert_eq!(effects, [Effect::EvaluateSoon]);
    assert!(
        !state.update(Message::Evaluate).contains(&Effect::Store),
        "nothing is stored over one's own work"
    );
    let effects = state.update(Message::KeepMine);
    assert!(
        effects.contains(&Effect::SetTexts)
            && effects.contains(&Effect::SetFragment(String::new()))
    );
    assert_eq!(state.texts, mine());
}

#[test]
fn a_link_that_does_not_open_is_no_example() {
    for fragment in ["#s=1.AAAA", "#s=9.AAAA", "#example/none"] {
        let state = State::arrive(at(fragment));
        assert!(
            matches!(state.notice, Some(Notice::Unreadable(_))),
            "{fragment}"
        );
        assert_eq!(state.texts, Texts::default(), "{fragment}");
    }
}

#[test]
fn a_link_carries_what_is_shown() {
    let mut state = arrived(Arrival::default());
    let _ = state.update(Message::Toggle(1));
    let _ = state.update(Message::ShowTab(Tab::Requests));
    let effects = state.update(Message::Share);
    let [Effect::Link(plain)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let opened = arrived(Arrival {
        shared: Some(worker::decode(plain).map_err(|_| Unreadable::Damaged)),
        ..Arrival::default()
    });
    assert_eq!(
        (opened.texts, opened.open, opened.tab),
        (state.texts, state.open, state.tab)
    );
}

#[test]
fn the_last_answer_stays_while_nothing_can_be_read() {
    let mut state = arrived(Arrival::default());
    let before = state.counts();
    let effects = state.update(Message::Typed(Tab::Requests, "- name: \"".to_owned()));
    settle(&mut state, effects);
    assert!(state.stale_verdicts && !state.stale_graph);
    assert_eq!(state.counts(), before);
    let effects = state.update(Message::Typed(Tab::Requests, String::new()));
    settle(&mut state, effects);
    assert!(!state.stale_verdicts);
    assert_eq!(state.counts(), [0, 0, 0]);
}

#[test]
fn an_answer_to_an_older_question_is_dropped() {
    let mut state = State::arrive(Arrival::default());
    let first = state.update(Message::Evaluate);
    let _ = state.update(Message::Evaluate);
    settle(&mut state, first);
    assert!(state.answer.is_none());
}

#[test]
fn the_caret_selects_the_object_and_a_node_reveals_its_text() {
    let mut state = arrived(Arrival::default());
    let id = "HTTPRoute/default/reviews".to_owned();
    let effects = state.update(Message::SelectNode(id.clone()));
    let range = effects.iter().find_map(|effect| match effect {
        Effect::Reveal(Tab::Manifests, range) => Some(*range),
        _ => None,
    });
    let range = range.expect("the text is revealed");
    settle(&mut state, effects);
    let effective = state
        .answer
        .as_ref()
        .and_then(|answer| answer.effective.as_ref());
    assert_eq!(effective.map(|effective| &effective.object), Some(&id));
    state.node = None;
    let _ = state.update(Message::Caret(Tab::Manifests, range.start_line + 2));
    assert_eq!(state.node, Some(id));
}
