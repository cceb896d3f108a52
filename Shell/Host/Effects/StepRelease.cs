using Microsoft.Extensions.Logging;
using Nitro.Host.Api;
using Nitro.Host.Loop;

namespace Nitro.Host.Effects;

/// <summary>Lets out what a durable step led to: effects into lanes, replies to callers, answers to peers, notifications, log lines.</summary>
internal sealed class StepRelease(Dispatcher dispatcher, PendingCalls calls, NotificationHub hub, ILogger logger) : IRelease
{
    /// <inheritdoc/>
    public void Release(Mail mail, StepResult step)
    {
        foreach (var id in step.Finished)
        {
            dispatcher.Drop(id);
        }

        foreach (var effect in step.Effects)
        {
            dispatcher.Start(effect);
        }

        calls.Answer(mail.Call, step.Replies);
        mail.Answer(new Taking(step.Taking, step.TakingCode, step.TakingDetail));
        if (step.Notifications.Count > 0 && hub.TryHear())
        {
            foreach (var notification in step.Notifications)
            {
                hub.Publish(notification.Method, notification.Channel, notification.Payload);
            }
        }

        foreach (var line in step.Log)
        {
            logger.LogInformation("{Change}", line);
        }
    }
}
