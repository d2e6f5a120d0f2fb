use std::time::Duration;

use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::throttle::{ThrottleConfig, ThrottledStore};

use super::*;

/// One store for every bucket.
struct One(Arc<dyn ObjectStore>);

impl Locate for One {
    fn locate(&self, object: &ObjectRef) -> std::result::Result<(Arc<dyn ObjectStore>, Path), String> {
        if object.bucket == "forbidden" {
            return Err("it is forbidden".to_owned());
        }
        Ok((self.0.clone(), Path::parse(&object.key).map_err(|e| e.to_string())?))
    }
}

fn catalog(links: &[(&str, &str)]) -> String {
    let link = |(rel, href): &(&str, &str)| serde_json::json!({"rel": rel, "href": href});
    serde_json::json!({"type": "Catalog", "links": links.iter().map(link).collect::<Vec<_>>()}).to_string()
}

async fn store(documents: &[(&str, String)]) -> Arc<dyn ObjectStore> {
    let store = InMemory::new();
    for (key, text) in documents {
        store.put(&Path::parse(key).unwrap(), text.clone().into()).await.unwrap();
    }
    Arc::new(store)
}

async fn keys(store: Arc<dyn ObjectStore>) -> Result<Vec<String>> {
    let inventory =
        crawl("stac:s3://b/catalog.json", ObjectRef::new("b", "catalog.json"), Arc::new(One(store))).await?;
    let batches: Vec<_> = inventory.batches().try_collect().await?;
    Ok(batches
        .iter()
        .flat_map(|batch| batch.iter().map(|o| o.key().to_owned()).collect::<Vec<_>>())
        .collect())
}

fn tree() -> Vec<(&'static str, String)> {
    vec![
        (
            "catalog.json",
            catalog(&[
                ("self", "x"),
                ("child", "./a/collection.json"),
                ("item", "0.json"),
                ("child", "b/c.json"),
            ]),
        ),
        (
            "a/collection.json",
            catalog(&[
                ("root", "../catalog.json"),
                ("item", "1.json"),
                ("item", "./2/2.json"),
                ("child", "deep/d.json"),
            ]),
        ),
        ("a/deep/d.json", catalog(&[("child", "../../catalog.json"), ("item", "s3://other/5.json")])),
        (
            "b/c.json",
            catalog(&[("item", "3.json"), ("child", "../a/collection.json"), ("child", "item.json")]),
        ),
        ("b/item.json", r#"{"type":"Feature"}"#.to_owned()),
    ]
}

const ITEMS: [&str; 6] = ["0.json", "a/1.json", "a/2/2.json", "b/3.json", "5.json", "b/item.json"];

#[tokio::test]
async fn items_come_in_the_order_of_links_and_circles_end() {
    let store = store(&tree()).await;
    assert_eq!(keys(store.clone()).await.unwrap(), ITEMS);
    let slow = ThrottledStore::new(
        store,
        ThrottleConfig { wait_get_per_call: Duration::from_millis(3), ..ThrottleConfig::default() },
    );
    assert_eq!(keys(Arc::new(slow)).await.unwrap(), ITEMS);
}

async fn check(key: &str, text: Option<String>, expected: &[&str]) {
    let mut documents = tree();
    documents.retain(|(name, _)| *name != key);
    documents.extend(text.map(|text| (Box::leak(key.to_owned().into_boxed_str()) as &str, text)));
    let error = keys(store(&documents).await).await.unwrap_err().to_string();
    for part in expected {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
    assert!(!error.contains("secret"), "{error}");
}

#[tokio::test]
async fn a_broken_document_is_named_with_what_links_to_it() {
    let named = "s3://b/a/deep/d.json, to which s3://b/a/collection.json links, ";
    check("a/deep/d.json", None, &[named, "is not there"]).await;
    check("a/deep/d.json", Some("{".to_owned()), &[named, "is no STAC catalog or collection"]).await;
    check("a/deep/d.json", Some(r#"{"type":"FeatureCollection"}"#.to_owned()), &[named, "items:URL"]).await;
    check("a/deep/d.json", Some(r#"{"type":"Other","links":[]}"#.to_owned()), &[named, "of type \"Other\""])
        .await;
    check("a/deep/d.json", Some("{}".to_owned()), &[named, "has no links"]).await;
    check("a/deep/d.json", Some(catalog(&[("items", "items")])), &[named, "a collection of an API"]).await;
    let link = catalog(&[("item", "https://u:secret@h/x?sig=secret")]);
    check("a/deep/d.json", Some(link), &[named, "has a link \"item\" to \"h/x\"", "credentials"]).await;
    check(
        "a/deep/d.json",
        Some(catalog(&[("child", "s3://forbidden/x")])),
        &["s3://forbidden/x, to which", "it is forbidden"],
    )
    .await;
    check("a/deep/d.json", Some(r#"{"links":[{"rel":"child"}]}"#.to_owned()), &[named, "without an href"])
        .await;
    check("catalog.json", None, &["the STAC document s3://b/catalog.json is not there"]).await;
}

#[tokio::test]
async fn a_crawl_is_bounded() {
    let chain: Vec<(String, String)> =
        (0..9).map(|i| (format!("{i}.json"), catalog(&[("child", &format!("{}.json", i + 1))]))).collect();
    let chain: Vec<_> = chain.iter().map(|(key, text)| (key.as_str(), text.clone())).collect();
    let crawl = |limits| {
        let chain = chain.clone();
        async move {
            within("c", ObjectRef::new("b", "0.json"), Arc::new(One(store(&chain).await)), limits)
                .await
                .err()
                .unwrap()
        }
    };
    let error = crawl(Limits { depth: 3, documents: 100 }).await;
    assert!(error.to_string().contains("goes on below 3 levels"), "{error}");
    let error = crawl(Limits { depth: 100, documents: 4 }).await;
    assert!(error.to_string().contains("more than 4 documents"), "{error}");
}
