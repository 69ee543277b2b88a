//! Shops as other subgraphs keep them.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::Identity;
use souk_platform::events::ShopSnapshot;
use uuid::Uuid;

use crate::support::{World, branch};

const ONE: &str = "query($id: ID!) { shopSnapshot(id: $id) }";
const ALL: &str = "query($first: Int, $after: String) { shopSnapshots(first: $first, after: $after) { nodes endCursor } }";

#[tokio::test]
async fn a_snapshot_is_what_the_last_event_said() {
    let world = World::new().await;
    let id = world
        .approved("Spices", json!([branch("B", 1.5, 2.5)]))
        .await;
    let service = identity::service("product");
    let snapshot =
        data(world.ask(&service, ONE, json!({ "id": id })).await)["shopSnapshot"].clone();
    let snapshot: ShopSnapshot = serde_json::from_value(snapshot).unwrap();
    assert_eq!(snapshot, world.events().await.pop().unwrap().1);
    assert_eq!(
        (snapshot.approved, snapshot.positions.as_slice()),
        (true, [(1.5, 2.5)].as_slice())
    );
    let unknown = world
        .ask(&service, ONE, json!({"id": Uuid::now_v7()}))
        .await;
    assert_eq!(data(unknown)["shopSnapshot"], json!(null));
}

#[tokio::test]
async fn all_snapshots_come_in_pages_whatever_their_status() {
    let world = World::new().await;
    for number in 0..3 {
        world
            .shop(
                &format!("Pending {number}"),
                json!([branch("B", 0.0, f64::from(number))]),
            )
            .await;
        world
            .approved(&format!("Approved {number}"), json!([]))
            .await;
    }
    let (mut after, mut pages) = (json!(null), Vec::new());
    loop {
        let variables = json!({"first": 4, "after": after});
        let page = data(
            world
                .ask(&identity::service("search"), ALL, variables)
                .await,
        )["shopSnapshots"]
            .clone();
        let nodes: Vec<ShopSnapshot> = serde_json::from_value(page["nodes"].clone()).unwrap();
        pages.push(nodes);
        after = page["endCursor"].clone();
        if after == Value::Null {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2]);
    let positions: Vec<_> = pages
        .concat()
        .iter()
        .flat_map(|shop| shop.positions.clone())
        .collect();
    assert_eq!(positions, [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0)]);
}

#[tokio::test]
async fn snapshots_are_internal() {
    let world = World::new().await;
    for (who, code) in [
        (Identity::Anonymous, "UNAUTHENTICATED"),
        (world.seller.clone(), "FORBIDDEN"),
        (identity::admin(Uuid::now_v7()), "FORBIDDEN"),
        (identity::partner(Uuid::now_v7()), "FORBIDDEN"),
    ] {
        assert_eq!(error_code(&world.ask(&who, ALL, json!({})).await), code);
        assert_eq!(
            error_code(&world.ask(&who, ONE, json!({"id": Uuid::now_v7()})).await),
            code
        );
    }
}
