//! Connecting numbers, changing them, letting them go: what Meta is told, and what people read when
//! it refuses.

use roost::lifecycle::{StepName, StepState};
use roost::projects::Secret;
use roost_emulator::control::wire::{NewApp, NewToken};
use roost_emulator::control::{AssetCall, Fault};

use super::super::support::{TestHost, guest};
use super::{Business, PIN, new_project, test_project};

const ANA: &str = "16505551234";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_names_its_step_and_says_what_to_do() {
    let host = TestHost::start().await;
    let business = Business::with(&host, |number| number.is_registered = Some(false)).await;
    let (project, _) = host.provisioned(&new_project("pizza")).await;
    let mut wish = business.wish();
    wish.pin = Some(Secret::new(PIN));
    let table = [
        (
            AssetCall::ReadNumber,
            190,
            Some(463),
            StepName::NumberCheck,
            "the token has expired",
        ),
        (
            AssetCall::ReadNumber,
            190,
            None,
            StepName::NumberCheck,
            "was copied whole",
        ),
        (
            AssetCall::ReadNumber,
            100,
            Some(33),
            StepName::NumberCheck,
            "it is not the phone number",
        ),
        (
            AssetCall::ReadNumber,
            33,
            None,
            StepName::NumberCheck,
            "was deleted",
        ),
        (
            AssetCall::ListNumbers,
            200,
            None,
            StepName::NumberCheck,
            "give its system user the account",
        ),
        (
            AssetCall::Subscribe,
            10,
            None,
            StepName::NumberSubscribe,
            "whatsapp_business_management",
        ),
        (
            AssetCall::Register,
            133005,
            None,
            StepName::NumberRegister,
            "another PIN",
        ),
        (
            AssetCall::Register,
            133006,
            None,
            StepName::NumberRegister,
            "have a code sent",
        ),
        (
            AssetCall::Register,
            133016,
            None,
            StepName::NumberRegister,
            "72 hours",
        ),
        (
            AssetCall::Register,
            368,
            None,
            StepName::NumberRegister,
            "Account quality",
        ),
    ];
    for (call, code, subcode, step, words) in table {
        let fault = Fault::Refused {
            call,
            code,
            subcode,
        };
        host.emulator().fail_next(1, fault).await.unwrap();
        let (failed, said) = host.connects(project.project_id, &wish).await.unwrap_err();
        assert_eq!(failed, step, "{code}: {said}");
        assert!(
            said.contains(words) && said.contains(&format!("code {code}")),
            "{said}"
        );
        assert!(said.contains("What to do: "), "{said}");
        assert!(!said.contains(&business.token), "{said}");
    }
    host.connects(project.project_id, &wish).await.unwrap();
    let standing = host
        .app()
        .lifecycle()
        .number(project.project_id)
        .await
        .unwrap();
    let number = standing.number.unwrap();
    assert!(number.connected_at.is_some() && standing.wished.is_none());
    assert_eq!(number.verified_name.as_deref(), Some("Business"));
    assert_eq!(number.meta_status.as_deref(), Some("CONNECTED"));
    assert_eq!(number.display_phone_number, "15550784711");
    assert!(business.is_registered(&host).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_not_registered_needs_a_pin() {
    let host = TestHost::start().await;
    let business = Business::with(&host, |number| {
        number.is_registered = Some(false);
        number.pin = Some("654321".to_owned());
    })
    .await;
    let (project, _) = host.provisioned(&new_project("pizza")).await;
    let id = project.project_id;
    let mut wish = business.wish();
    let (step, said) = host.connects(id, &wish).await.unwrap_err();
    assert_eq!(step, StepName::NumberRegister);
    assert!(said.contains("connect it again with `pin`"), "{said}");
    wish.pin = Some(Secret::new(PIN));
    let (step, said) = host.connects(id, &wish).await.unwrap_err();
    assert_eq!(step, StepName::NumberRegister);
    assert!(
        said.contains("another PIN") && said.contains("133005"),
        "{said}"
    );
    assert!(!said.contains(PIN), "{said}");
    wish.pin = Some(Secret::new("654321"));
    host.connects(id, &wish).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_or_number_of_somebody_else_is_seen_before_anything_changes() {
    let mut host = TestHost::start().await;
    let other = host.project("other").await;
    let (project, _) = host.provisioned(&new_project("pizza")).await;
    let id = project.project_id;
    let business = Business::new(&host).await;

    let app = host
        .emulator()
        .create_app(&NewApp::default())
        .await
        .unwrap();
    let token = NewToken {
        app_id: app.id,
        ..NewToken::default()
    };
    let mut wish = business.wish();
    wish.token = Secret::new(host.emulator().create_token(&token).await.unwrap().token);
    let (step, said) = host.connects(id, &wish).await.unwrap_err();
    assert_eq!(step, StepName::NumberCheck);
    assert!(
        said.contains("another Meta app") && said.contains("ROOST_APP_SECRETS"),
        "{said}"
    );

    let mut wish = business.wish();
    let second = Business::new(&host).await;
    wish.waba_id = second.waba_id.clone();
    wish.token = Secret::new(&other.token);
    let (_, said) = host.connects(id, &wish).await.unwrap_err();
    assert!(
        said.contains(&format!("is not one of account {}", second.waba_id)),
        "{said}"
    );

    let numbers = host.emulator().numbers().await.unwrap();
    let taken = numbers
        .iter()
        .find(|number| number.id == other.number_id)
        .unwrap();
    wish.phone_number_id = taken.id.clone();
    wish.waba_id = taken.waba_id.clone();
    let (_, said) = host.connects(id, &wish).await.unwrap_err();
    assert!(said.contains("belongs to another project"), "{said}");

    assert_eq!(business.subscriptions(&host).await, 0);
    assert!(host.app().projects().number(id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_number_takes_over_at_once_and_the_old_account_is_let_go() {
    let host = TestHost::start().await;
    let (first, second) = (Business::new(&host).await, Business::new(&host).await);
    let mut new = new_project("pizza");
    new.number = Some(first.wish());
    let (project, _) = host.provisioned(&new).await;
    let bot = test_project(&host, &project, &first);
    host.deploys(&bot, &guest("echo")).await.unwrap();
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");

    host.connects(project.project_id, &second.wish())
        .await
        .unwrap();

    assert_eq!(first.subscriptions(&host).await, 0);
    assert_eq!(second.subscriptions(&host).await, 1);
    assert!(
        first.is_registered(&host).await,
        "only what was asked for is deregistered"
    );
    let mut ana = test_project(&host, &project, &second).customer(ANA).await;
    ana.says("hi again").await;
    assert_eq!(ana.hears().await, "You said: hi again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_stays_subscribed_while_any_project_has_a_number_of_it() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let mut number =
        roost_emulator::control::wire::NewNumber::new(&business.waba_id, "+1 555 078 4712");
    number.is_registered = Some(true);
    let number = host.emulator().create_number(&number).await.unwrap();
    let mut sibling = business.wish();
    sibling.phone_number_id = number.id;
    let (one, _) = host.provisioned(&new_project("one")).await;
    let (two, _) = host.provisioned(&new_project("two")).await;
    host.connects(one.project_id, &business.wish())
        .await
        .unwrap();
    host.connects(two.project_id, &sibling).await.unwrap();

    let lifecycle = host.app().lifecycle();
    lifecycle
        .disconnect_number(one.project_id, true)
        .await
        .unwrap();
    let (_, standing) = host.followed(one.project_id).await;
    let standing = standing.unwrap();
    let release = super::step(&standing, StepName::NumberRelease);
    assert_eq!(release.state, StepState::Done);
    assert!(
        release.note.as_ref().unwrap().contains("stays subscribed"),
        "{release:?}"
    );
    assert!(!business.is_registered(&host).await);
    assert_eq!(business.subscriptions(&host).await, 1);

    lifecycle
        .disconnect_number(two.project_id, false)
        .await
        .unwrap();
    host.followed(two.project_id).await;
    assert_eq!(business.subscriptions(&host).await, 0);
    let again = lifecycle.disconnect_number(two.project_id, false).await;
    assert_eq!(
        again.unwrap_err().to_string(),
        "project `two` has no number"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letting_go_is_noted_when_meta_refuses_it() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let mut new = new_project("pizza");
    new.number = Some(business.wish());
    let (project, _) = host.provisioned(&new).await;
    let fault = Fault::Refused {
        call: AssetCall::Unsubscribe,
        code: 190,
        subcode: Some(463),
    };
    host.emulator().fail_next(1, fault).await.unwrap();
    let lifecycle = host.app().lifecycle();
    lifecycle
        .disconnect_number(project.project_id, false)
        .await
        .unwrap();
    let (_, standing) = host.followed(project.project_id).await;
    let standing = standing.unwrap();
    let release = super::step(&standing, StepName::NumberRelease);
    assert_eq!(release.state, StepState::Done);
    let note = release.note.as_ref().unwrap();
    assert!(
        note.contains("the token has expired") && note.contains("still be subscribed"),
        "{note}"
    );
}
