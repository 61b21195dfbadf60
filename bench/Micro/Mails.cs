using BenchmarkDotNet.Attributes;
using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Bench.Micro;

/// <summary>What is made of a message before a sender gets it: subject, text and HTML of a mail, the text of an SMS.</summary>
public class Mails
{
    readonly Templates templates = new(Sample.Options, TemplateSet.Load(null));
    readonly QueuedMessage codeMail = Sample.Queued(Sample.Issue(Sample.Draw("531975")).Change!)[0];
    readonly QueuedMessage codeSms = Sample.Queued(IssueToPhoneNumber())[0];
    readonly QueuedMessage notice = Sample.Queued(Sample.Redeem().Change!).First(message => message.Content is { Channel: KeyType.Email, UndoToken: not null });

    [GlobalSetup]
    public void Check()
    {
        Sample.Require(((OutgoingMessage)CodeMail()).Html?.Contains("531975", StringComparison.Ordinal) == true, "a mail has the code.");
        Sample.Require(((OutgoingMessage)CodeSms()) is { Html: null } sms && sms.Text.Contains("531975", StringComparison.Ordinal), "an SMS has the code.");
        Sample.Require(((OutgoingMessage)NoticeWithUndo()).Text.Contains("/undo#", StringComparison.Ordinal), "a notice has the link.");
    }

    [Benchmark]
    public object CodeMail() => templates.Render(codeMail);

    [Benchmark]
    public object CodeSms() => templates.Render(codeSms);

    [Benchmark]
    public object NoticeWithUndo() => templates.Render(notice);

    static Change IssueToPhoneNumber() => Sample.Account.Issue(
        new Purpose(Operation.RemovingKey, KeyType.PhoneNumber), null, null, Sample.Draw("531975"), Sample.Codes, Sample.Rules, Sample.Now).Change!;
}
