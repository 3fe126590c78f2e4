//! What alerts are called, and what is told of a camera's health.

use super::{Pair, Said, lasting};
use crate::domain::{AlertType, CameraFact, Impairment, ObstructedReason, OfflineReason};

/// What an alert of this type is called.
pub fn alert_type(alert: AlertType) -> Pair {
    match alert {
        AlertType::ViolationWarned => ("违规预警", "violation about to be raised"),
        AlertType::ViolationRaised => ("违规告警", "violation"),
        AlertType::ViolationUpdated => ("违规告警更新", "violation goes on"),
        AlertType::ViolationEnded => ("违规告警解除", "violation over"),
        AlertType::CameraOffline => ("摄像机离线", "camera offline"),
        AlertType::CameraOnline => ("摄像机恢复在线", "camera online again"),
        AlertType::CameraObstructed => ("画面遮挡", "picture obstructed"),
        AlertType::CameraMoved => ("机位移动", "camera moved"),
        AlertType::CameraClock => ("时钟偏差", "camera's clock off"),
        AlertType::CameraKeyframes => ("关键帧间隔过长", "key frames too far apart"),
        AlertType::CameraRestored => ("摄像机恢复正常", "camera restored"),
        AlertType::BoxHeartbeat => ("设备心跳", "box alive"),
    }
}

/// Why nothing comes from a camera.
pub fn offline(reason: OfflineReason) -> Pair {
    match reason {
        OfflineReason::Unreachable => ("网络不可达", "nobody answers at its address"),
        OfflineReason::Refused => ("连接被拒绝", "it refuses connections"),
        OfflineReason::Unauthorized => ("用户名或密码错误", "wrong user name or password"),
        OfflineReason::LockedOut => {
            ("登录失败次数过多，账号已被摄像机锁定", "it has locked the account after wrong passwords")
        }
        OfflineReason::NoSuchStream => ("码流不存在", "it has no such stream"),
        OfflineReason::NoVideo => ("码流中没有视频", "its stream holds no video"),
        OfflineReason::Undecodable => ("视频无法解码", "its video cannot be decoded"),
        OfflineReason::Stalled => ("已连接但无画面", "connected, but no pictures come"),
    }
}

/// Why a camera sees nothing.
pub fn obstructed(reason: ObstructedReason) -> Pair {
    match reason {
        ObstructedReason::Dark => ("画面过暗", "too dark"),
        ObstructedReason::Blinded => ("强光致盲", "blinded by light"),
        ObstructedReason::Covered => ("镜头被遮挡", "lens covered"),
        ObstructedReason::Frozen => ("画面冻结", "picture frozen"),
        ObstructedReason::Unsharp => ("画面模糊", "picture blurred"),
    }
}

/// What was wrong with a camera.
pub fn impairment(was: Impairment) -> Pair {
    alert_type(match was {
        Impairment::Obstructed => AlertType::CameraObstructed,
        Impairment::Moved => AlertType::CameraMoved,
        Impairment::Clock => AlertType::CameraClock,
        Impairment::Keyframes => AlertType::CameraKeyframes,
    })
}

/// What is told of a camera's health, with the reason.
pub fn fact(fact: CameraFact) -> Said {
    let with = |alert, (zh, en): Said| {
        let (name_zh, name_en) = alert_type(alert);
        (format!("{name_zh}：{zh}"), format!("{name_en}: {en}"))
    };
    let owned = |(zh, en): Pair| (zh.to_owned(), en.to_owned());
    match fact {
        CameraFact::Offline(reason) => with(AlertType::CameraOffline, owned(offline(reason))),
        CameraFact::Online => owned(alert_type(AlertType::CameraOnline)),
        CameraFact::Obstructed(reason) => with(AlertType::CameraObstructed, owned(obstructed(reason))),
        CameraFact::Moved => owned(alert_type(AlertType::CameraMoved)),
        CameraFact::Clock(off_by) => {
            let (zh, en) = lasting(off_by.unsigned_abs());
            let said = if off_by.is_negative() {
                (format!("慢 {zh}"), format!("{en} behind"))
            } else {
                (format!("快 {zh}"), format!("{en} ahead"))
            };
            with(AlertType::CameraClock, said)
        }
        CameraFact::Keyframes(interval) => with(AlertType::CameraKeyframes, lasting(interval)),
        CameraFact::Restored(was) => with(AlertType::CameraRestored, owned(impairment(was))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn health_is_told_with_its_reason() {
        for (told, zh, en) in [
            (CameraFact::Online, "摄像机恢复在线", "camera online again"),
            (
                CameraFact::Offline(OfflineReason::Unauthorized),
                "摄像机离线：用户名或密码错误",
                "camera offline: wrong user name or password",
            ),
            (
                CameraFact::Obstructed(ObstructedReason::Covered),
                "画面遮挡：镜头被遮挡",
                "picture obstructed: lens covered",
            ),
            (
                CameraFact::Clock(SignedDuration::from_secs(-90)),
                "时钟偏差：慢 1 分 30 秒",
                "camera's clock off: 1 min 30 s behind",
            ),
            (
                CameraFact::Keyframes(Duration::from_millis(12_500)),
                "关键帧间隔过长：12.5 秒",
                "key frames too far apart: 12.5 s",
            ),
            (
                CameraFact::Restored(Impairment::Moved),
                "摄像机恢复正常：机位移动",
                "camera restored: camera moved",
            ),
        ] {
            assert_eq!(fact(told), (zh.to_owned(), en.to_owned()));
        }
    }
}
