//! Who asks, in tests.

use souk_platform::identity::{Identity, Role, Subject};
use uuid::Uuid;

/// Somebody with these roles.
pub fn subject(id: Uuid, roles: &[Role]) -> Identity {
    Identity::Subject(Subject {
        id,
        roles: roles.to_vec(),
        shop_ids: Vec::new(),
        customer_type: "REGULAR".to_owned(),
        session: Uuid::now_v7(),
        guest: None,
    })
}

/// A buyer.
pub fn buyer(id: Uuid) -> Identity {
    subject(id, &[Role::Buyer])
}

/// A buyer who was the guest `guest` before: that guest's cart follows.
pub fn buyer_who_was(id: Uuid, guest: Uuid) -> Identity {
    match buyer(id) {
        Identity::Subject(subject) => Identity::Subject(Subject {
            guest: Some(guest),
            ..subject
        }),
        other => other,
    }
}

/// A seller, who also buys.
pub fn seller(id: Uuid) -> Identity {
    subject(id, &[Role::Buyer, Role::Seller])
}

/// A moderator.
pub fn moderator(id: Uuid) -> Identity {
    subject(id, &[Role::Moderator])
}

/// An admin.
pub fn admin(id: Uuid) -> Identity {
    subject(id, &[Role::Admin])
}

/// A guest session.
pub fn guest(id: Uuid) -> Identity {
    subject(id, &[Role::Guest])
}

/// A partner's system.
pub fn partner(id: Uuid) -> Identity {
    subject(id, &[Role::Partner])
}

/// One of our own subgraphs.
pub fn service(name: &str) -> Identity {
    Identity::Service(name.to_owned())
}

/// Nobody.
pub fn anonymous() -> Identity {
    Identity::Anonymous
}
